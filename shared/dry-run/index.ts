export {
  type ColumnForecast,
  type DryRunOptions,
  type DryRunResult,
  dryRun,
  type ResourceForecast,
} from './dry-run.ts';
export { type ChildForecast, type RowRun, runRows } from './run-rows.ts';
