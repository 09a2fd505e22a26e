export { createParameterRegistry, type ParameterRegistry } from './parameter-registry.ts';
export { parameterStatus } from './parameter-status.ts';
export { activeReindex, reindexKind, reindexReply, startReindex } from './reindex-job.ts';
export { reindexResource } from './reindex-resource.ts';
