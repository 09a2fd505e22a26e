import { expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { copying, moves, runMigration } from './scripted-migration.ts';

const throttled = (): never => {
  throw Object.assign(new AppError('REQUEST_THROTTLED', 'the service is throttling'), {
    stack: '',
  });
};

it('never fails itself when a step throws for a day: it is blocked, and looks again', async () => {
  const run = await runMigration({ ...moves(copying(1, null)), planImport: throttled });
  expect(run.runtimeStatus).toBe('Completed');
  expect(run.inputsOf('recordBlock').map(({ reason }) => reason)).toEqual([
    'A step failed for a day. See the log of the app.',
  ]);
  expect(run.elapsedMs).toBeGreaterThan(23 * 3_600_000);
  expect(run.names.at(-1)).toBe('nextMove');
});
