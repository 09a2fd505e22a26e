import { describe, expect, it } from 'vitest';
import { copying, moves, onceAsked, runMigration } from './scripted-migration.ts';

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);

describe('work that is long goes on in further generations, and none of it is done twice', () => {
  it('looks at an import of days, with growing pauses, after deletes that are applied once', async () => {
    const run = await runMigration({
      ...moves(copying(1, null)),
      pollImport: onceAsked(200, { kind: 'running', seconds: 120 }, { kind: 'ended' }),
    });
    expect(run.inputsOf('pollImport').map(({ looks }) => looks)).toEqual(numbers(201));
    expect(run.inputsOf('applyDeletes')).toHaveLength(1);
    expect(run.inputsOf('settleImport')).toHaveLength(1);
    expect(run.inputsOf('closeWindow')).toHaveLength(1);
    // Each generation asks what is still to be done.
    expect(run.inputsOf('planImport').length).toBeGreaterThan(2);
  });

  it('looks at an export of days, then stages every chunk of a large window once', async () => {
    const run = await runMigration({
      ...moves(copying(null, 1)),
      pollExtract: onceAsked(
        200,
        { kind: 'running', seconds: 120 },
        { kind: 'ready', chunks: 201 },
      ),
      readAhead: ({ lines, seconds }) => ({ lines: lines + 1, seconds, complete: false }),
    });
    const looks = run.inputsOf('pollExtract').map((input) => input.looks);
    expect(looks.slice(0, 201)).toEqual(numbers(201));
    expect(run.inputsOf('readAhead').map(({ lines }) => lines)).toEqual(numbers(200));
    expect(run.inputsOf('stageChunk').map(({ chunk }) => chunk)).toEqual(numbers(201, 1));
    expect(run.inputsOf('sealStaging')).toHaveLength(1);
  });

  it('stages mended chunks without staging all of them again', async () => {
    const chunks = numbers(300, 1);
    const staged: number[] = [];
    const run = await runMigration({
      ...moves(copying(null, 1)),
      pollExtract: () => ({ kind: 'ready', chunks: 300 }),
      stageChunk: ({ chunk }) => {
        staged.push(chunk);
        return { kind: 'staged', lines: 1 };
      },
      // As the real step: those that were staged before the inspection only.
      sealStaging: () => {
        const unmended = chunks.filter((chunk) => !staged.includes(chunk, 300));
        return unmended.length > 0
          ? { kind: 'unmended', chunks: unmended }
          : { kind: 'sealed', lines: 1 };
      },
    });
    expect(staged).toEqual([...chunks, ...chunks]);
    expect(run.inputsOf('recordBlock')).toHaveLength(0);
  });

  it('applies many files of deletes, each once', async () => {
    let done = 0;
    const run = await runMigration({
      ...moves(copying(1, null)),
      applyDeletes: (input) => {
        done = input.done;
        return done < 200 ? { kind: 'more', done: done + 1 } : { kind: 'applied', deleted: 200 };
      },
    });
    expect(run.inputsOf('applyDeletes').map((input) => input.done)).toEqual(numbers(201));
    expect(run.inputsOf('startImport')).toHaveLength(1);
  });

  it('proves: sides are digested and compared once, and every partition of references is checked once', async () => {
    const run = await runMigration({
      ...moves({ kind: 'prove', proof: 1 }),
      beginProof: () => ({ kind: 'begun', partitions: 100 }),
      pollExtract: () => ({ kind: 'ready', chunks: 150 }),
      gatherReferences: () => ({ kind: 'gathered' }),
      checkReferences: () => ({ kind: 'checked' }),
    });
    for (const side of ['source', 'target']) {
      const digested = run.inputsOf('digestChunk').filter((input) => input.side === side);
      expect(digested.map(({ chunk }) => chunk)).toEqual(numbers(150, 1));
    }
    expect(run.inputsOf('compareSides')).toHaveLength(1);
    const partitions = numbers(100, 1);
    expect(run.inputsOf('gatherReferences').map(({ partition }) => partition)).toEqual(partitions);
    expect(run.inputsOf('checkReferences').map(({ partition }) => partition)).toEqual(partitions);
    expect(run.inputsOf('concludeProof')).toHaveLength(1);
  });
});
