export { type BulkFaults, createBulkFaults } from './bulk-faults.ts';
export type { BulkSettings } from './bulk-settings.ts';
export { answerWithFaults } from './faulty-answer.ts';
export type {
  Job,
  JobFailure,
  JobKind,
  JobKindName,
  JobPart,
  JobRun,
  JobState,
} from './job.ts';
export { createJobs, type Jobs } from './jobs.ts';
