export type { IdRequest, Trace } from './id-sets.ts';
export { withLastUpdated } from './moved-line.ts';
export { pauseLeft } from './pause-hours.ts';
export { type MigrationPlan, migrationPlan, planChanges } from './plan.ts';
export { byCause, type Progress, progressOf, type UnderWay } from './progress.ts';
export { type Flow, type FlowPoint, recentRate } from './rates.ts';
export type {
  BatchRecord,
  ChunkRecord,
  ExtractRecord,
  JobRecord,
  LoadRecord,
  OrdersRecord,
  ProofRecord,
  PullRecord,
  QuarantinedVersion,
  RepairRecord,
  ReplayRecord,
  RunRecord,
  Side,
  StagedFile,
  StagedRecord,
  WindowRecord,
} from './records.ts';
export { windowLedger } from './records.ts';
export {
  isAtRest,
  type RunEvent,
  type RunState,
  requireTransition,
  stateAfter,
} from './run-states.ts';
export type {
  CountRequest,
  MigrationService,
  Standing,
} from './service.ts';
export type {
  CleanupRecord,
  DeleteLookRecord,
  EstimateRecord,
  FreezeRecord,
  ImportProgress,
} from './side-records.ts';
export {
  createMigrationStore,
  inside,
  type MigrationStore,
  numbered,
  type Records,
  windowName,
} from './store.ts';
export { createMigrationService, searchableTypes } from './type-by-type.ts';
export {
  ordered,
  readVersionKeys,
  referenceHash,
  type VersionKey,
  VersionKeyWriter,
} from './version-keys.ts';
export { inOrder, isInOrder, type TimedVersion } from './version-order.ts';
export { earlier, later, moved, nextWindow, type SizedRange, type TimeRange } from './window.ts';
export {
  addToLedger,
  openTypes,
  sumLedgers,
  type TypeLedger,
  totalOf,
  type WindowLedger,
} from './window-ledger.ts';
