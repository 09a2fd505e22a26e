export type { LogLevel } from './app/core-contract.ts';
export { HostError, type HostErrorCode } from './host-error.ts';
export type { HostOptions, RunningHost } from './options.ts';
export type { Environment } from './settings/app-settings.ts';
export type { HostKeys } from './settings/keys.ts';
export { startHost } from './start-host.ts';
