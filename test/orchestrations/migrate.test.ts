import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { allGoesWell, copying, moves, onceAsked, runMigration } from './scripted-migration.ts';

const throttled = (): never => {
  // Without a stack, because histories keep it.
  throw Object.assign(new AppError('REQUEST_THROTTLED', 'the service is throttling'), {
    stack: '',
  });
};

/** Looks at an export that runs for so many of them. */
const exporting = (looks: number, seconds = 2) => ({
  pollExtract: onceAsked(
    looks,
    { kind: 'running' as const, seconds, asked: true },
    { kind: 'ready' as const, chunks: 1 },
  ),
});

const blockedReasons = (run: Awaited<ReturnType<typeof runMigration>>) =>
  run.inputsOf('recordBlock').map(({ reason }) => reason);

describe('the order of work', () => {
  it('assesses both sides and carries search parameters before anything is copied', async () => {
    const run = await runMigration(moves({ kind: 'prepare' }, copying(null, 1)));
    expect(run.names.slice(0, 6)).toEqual([
      'nextMove',
      'assess',
      'carrySearchParameters',
      'indexSearchParameters',
      'recordPrepared',
      'nextMove',
    ]);
  });

  it('copies nothing, and certifies nothing, that the target could not be searched by', async () => {
    const reason = 'a search parameter is not enabled';
    const steps = { indexSearchParameters: () => ({ kind: 'blocked', reason }) as const };
    const unready = await runMigration({ ...moves({ kind: 'prepare' }), ...steps });
    expect(blockedReasons(unready)).toEqual([reason]);
    expect(unready.names).not.toContain('recordPrepared');
    const unproven = await runMigration({ ...moves({ kind: 'prove', proof: 1 }), ...steps });
    expect(blockedReasons(unproven)).toEqual([reason]);
    expect(unproven.names).not.toContain('beginProof');
  });

  it('looks at a reindex until it has ended', async () => {
    let looks = 0;
    const run = await runMigration({
      ...moves({ kind: 'prepare' }),
      indexSearchParameters: () => {
        looks += 1;
        return looks < 3 ? { kind: 'indexing', job: 'j', seconds: 5 } : { kind: 'indexed' };
      },
    });
    expect(run.inputsOf('indexSearchParameters').map(({ job }) => job)).toEqual([null, 'j', 'j']);
    expect(run.names).toContain('recordPrepared');
  });

  it('exports window k+1 while window k is imported', async () => {
    const underWay = new Set<string>();
    const together: string[] = [];
    const during =
      <Output>(name: string, output: Output) =>
      async (): Promise<Output> => {
        underWay.add(name);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (underWay.size === 2) together.push([...underWay].sort().join(' and '));
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay.delete(name);
        return output;
      };
    await runMigration({
      ...moves(copying(1, 2)),
      pollExtract: during('export', { kind: 'ready', chunks: 1 }),
      startImport: during('import', { kind: 'started' }),
      applyDeletes: () => ({ kind: 'applied' }),
      startExtract: () => ({ kind: 'started' }),
    });
    expect(together).toContain('export and import');
  });

  it('asks for the next move between windows, so that orders and settings count from there', async () => {
    const run = await runMigration(moves(copying(null, 1), copying(1, 2), copying(2, null)));
    const asked = run.names.filter((name) => name === 'nextMove').length;
    expect(asked).toBe(4);
    expect(run.inputsOf('sealStaging').map(({ window }) => window)).toEqual([1, 2]);
    expect(run.inputsOf('closeWindow').map(({ window }) => window)).toEqual([1, 2]);
  });

  it('waits as long as a pause lasts, and goes on', async () => {
    const wait = { kind: 'wait', seconds: 15 } as const;
    const run = await runMigration(moves(copying(null, 1), wait, wait, copying(1, null)));
    expect(run.elapsedMs).toBeGreaterThanOrEqual(30_000);
    expect(run.inputsOf('closeWindow')).toHaveLength(1);
  });

  it('looks for hard deletes one step to a move, so that orders count between the steps', async () => {
    const look = { kind: 'find-deletes' } as const;
    const run = await runMigration({
      ...moves(look, look),
      findHardDeletes: () => ({ kind: 'more' }),
    });
    expect(run.names).toEqual([
      ...['nextMove', 'findHardDeletes', 'nextMove', 'findHardDeletes', 'nextMove'],
    ]);
  });

  it('stops without touching a window when it is ordered to', async () => {
    const run = await runMigration(moves({ kind: 'end', state: 'stopped' }));
    expect(run.output).toBe('stopped');
    expect(run.names).toEqual(['nextMove']);
  });
});

describe('what goes wrong', () => {
  it('records a blocked part, and lets the good one beside it come to its end', async () => {
    const run = await runMigration({
      ...moves(copying(1, 2)),
      startExtract: () => ({ kind: 'blocked', reason: 'the source refuses' }),
    });
    expect(blockedReasons(run)).toEqual(['the source refuses']);
    expect(run.inputsOf('closeWindow').map(({ window }) => window)).toEqual([1]);
    expect(run.runtimeStatus).toBe('Completed');
  });

  it('records the reasons of both parts when both are blocked', async () => {
    const run = await runMigration({
      ...moves(copying(1, 2)),
      startExtract: () => ({ kind: 'blocked', reason: 'the source refuses.' }),
      startImport: () => ({ kind: 'blocked', reason: 'the target refuses.' }),
    });
    expect(blockedReasons(run)).toHaveLength(1);
    expect(blockedReasons(run).join()).toContain('the source refuses.');
    expect(blockedReasons(run).join()).toContain('the target refuses.');
  });

  it('retries a step with growing pauses of five seconds to five minutes', async () => {
    let failures = 0;
    const at: number[] = [];
    const run = await runMigration({
      ...moves(copying(null, 1)),
      sealStaging: () => {
        failures += 1;
        at.push(failures);
        return failures <= 8 ? throttled() : { kind: 'sealed', lines: 2 };
      },
    });
    const growing = [5, 10, 20, 40, 80, 160, 300, 300].reduce((sum, seconds) => sum + seconds, 0);
    expect(run.elapsedMs).toBeGreaterThanOrEqual(growing * 1000);
    expect(run.elapsedMs).toBeLessThan(growing * 1000 + 60_000);
    expect(run.runtimeStatus).toBe('Completed');
  });

  it('handles a wave of chunks again when one of them is put off or lost', async () => {
    const staged: number[] = [];
    let troubles = 0;
    const run = await runMigration({
      ...moves(copying(null, 1)),
      pollExtract: () => ({ kind: 'ready', chunks: 6 }),
      stageChunk: ({ chunk }) => {
        staged.push(chunk);
        if (chunk !== 3 || troubles >= 2) return { kind: 'staged', lines: 1 };
        troubles += 1;
        return troubles === 1 ? { kind: 'later' } : throttled();
      },
    });
    expect(new Set(staged)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    expect(staged.filter((chunk) => chunk === 3)).toHaveLength(3);
    expect(run.inputsOf('sealStaging')).toHaveLength(1);
    expect(run.runtimeStatus).toBe('Completed');
  });

  it('starts another export when one comes to nothing', async () => {
    let polls = 0;
    const run = await runMigration({
      ...moves(copying(null, 1)),
      pollExtract: () => {
        polls += 1;
        return polls < 3 ? { kind: 'again', cause: 'lost' } : { kind: 'ready', chunks: 1 };
      },
    });
    expect(run.inputsOf('startExtract')).toHaveLength(3);
    expect(run.inputsOf('stageChunk')).toHaveLength(1);
  });

  it('reads ahead while an export runs, and waits for what is left of the pause only', async () => {
    const run = await runMigration({
      ...moves(copying(null, 1)),
      ...exporting(3, 600),
      readAhead: ({ lines }) => ({
        lines: lines + 7,
        seconds: lines === 0 ? 0 : 40,
        complete: false,
      }),
    });
    expect(run.inputsOf('readAhead')).toEqual(
      [0, 7, 14].map((lines) => ({
        migrationId: 'm1',
        window: 1,
        seconds: 600,
        asked: true,
        lines,
      })),
    );
    expect(run.elapsedMs).toBeGreaterThanOrEqual(80_000);
    expect(run.elapsedMs).toBeLessThan(90_000);
  });

  it('looks often again once all lines that were counted are there', async () => {
    const run = await runMigration({
      ...moves(copying(null, 1)),
      ...exporting(5),
      readAhead: ({ lines, seconds }) => ({ lines: lines + 1, seconds, complete: lines === 2 }),
    });
    expect(run.inputsOf('pollExtract').map(({ looks }) => looks)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('reads nothing ahead for a proof', async () => {
    const run = await runMigration({
      ...moves({ kind: 'prove', proof: 1 }),
      ...exporting(4),
    });
    expect(run.names).not.toContain('readAhead');
    expect(run.inputsOf('digestChunk')).toHaveLength(2);
  });

  it('takes up the batches that come out of an import', async () => {
    const run = await runMigration({
      ...moves(copying(1, null)),
      settleImport: ({ batch }) => ({
        kind: 'settled',
        next: batch === '1' ? ['1.0', '1.1'] : [],
      }),
    });
    expect(run.inputsOf('startImport').map(({ batch }) => batch)).toEqual(['1', '1.0', '1.1']);
    expect(run.inputsOf('closeWindow')).toHaveLength(1);
  });

  it('concludes no proof of which one side could not be read', async () => {
    const run = await runMigration({
      ...moves({ kind: 'prove', proof: 1 }),
      startExtract: ({ extract }) =>
        extract.endsWith('target')
          ? { kind: 'blocked', reason: 'the target refuses' }
          : { kind: 'started' },
    });
    expect(run.names).not.toContain('concludeProof');
    expect(blockedReasons(run)).toEqual(['the target refuses']);
  });
});

describe('what is remembered', () => {
  it('holds references, numbers and reasons only: no step is given or gives a resource', async () => {
    const run = await runMigration({
      ...moves({ kind: 'prepare' }, copying(null, 1), copying(1, 2), { kind: 'prove', proof: 1 }),
      ...exporting(1),
    });
    expect(run.names).toContain('readAhead');
    const inputs = run.activityCalls.map(({ input }) => JSON.stringify(input));
    const allowed =
      /^\{("(migrationId|window|chunk|batch|extract|proof|side|looks|done|partition|reason|job|seconds|asked|lines)":("[\w.-]*"|\d+|true|null),?)+\}$/;
    expect(inputs.filter((input) => !allowed.test(input))).toEqual([]);
  });

  it('every step of the script is one that orchestrations call', async () => {
    const run = await runMigration({
      ...moves(
        { kind: 'prepare' },
        copying(null, 1),
        copying(1, null),
        { kind: 'find-deletes' },
        { kind: 'prove', proof: 1 },
        { kind: 'purge' },
      ),
      ...exporting(1),
    });
    const called = new Set(run.names);
    const never = Object.keys(allGoesWell).filter((name) => !called.has(name));
    expect(never).toEqual(['recordBlock']);
  });
});
