import { describe, expect, it } from 'vitest';
import {
  allGoesWell,
  change,
  fails,
  type Input,
  inputFor,
  inTurn,
  type Output,
  runSync,
  writtenRow,
} from './scripted-activities.ts';

const two = inputFor([change('Patient/a'), change('Patient/b')]);

/** Patient/b fails to be written, the rest goes well. */
function busy(retryAfterSeconds?: number) {
  return ({ resources }: Input<'upsertRows'>): Output<'upsertRows'> => ({
    written: resources
      .filter(({ reference }) => reference !== 'Patient/b')
      .map(({ reference }) => writtenRow(reference)),
    expansions: [],
    awaited: [],
    ended: [],
    failed: [
      {
        reference: 'Patient/b',
        step: 'contact',
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      },
    ],
  });
}

const well = (input: Input<'upsertRows'>) => allGoesWell.upsertRows(input);
const expansions = [
  { expansion: 'names', resourceType: 'Patient', references: ['Patient/a', 'Patient/b'] },
  { expansion: 'addresses', resourceType: 'Patient', references: ['Patient/a'] },
];

describe('a single change that fails', () => {
  it('is gone through again alone, after pauses that double', async () => {
    const run = await runSync(two, { upsertRows: inTurn(busy(), busy(), busy(), well) });
    expect(run.elapsedMs).toBe((5 + 10 + 20) * 1000);
    const read = run.inputsOf('readChanges').map(({ changes }) => changes.map(({ id }) => id));
    expect(read).toEqual([['a', 'b'], ['b'], ['b'], ['b']]);
    expect(run.inputsOf('recordOutcomes')[0]?.outcomes.map(({ kind }) => kind)).toEqual([
      'applied',
      'applied',
    ]);
  });

  it('waits at most the longest pause of the settings', async () => {
    const retry = { firstSeconds: 60, maxSeconds: 100, attempts: 4 };
    const run = await runSync({ ...two, retry }, { upsertRows: busy() });
    expect(run.elapsedMs).toBe((60 + 100 + 100) * 1000);
  });

  it('waits as long as the other side asked for, days included', async () => {
    const run = await runSync(two, { upsertRows: inTurn(busy(3600), busy(86_400), well) });
    expect(run.elapsedMs).toBe((3600 + 86_400) * 1000);
  });

  it('becomes a dead letter that names the step and a remedy when attempts run out', async () => {
    const run = await runSync(two, { upsertRows: busy() });
    expect(run.inputsOf('upsertRows')).toHaveLength(4);
    const { outcomes, record } = run.inputsOf('recordOutcomes')[0]!;
    expect(outcomes[1]).toMatchObject({
      kind: 'rejected',
      problem: { cause: 'retries-exhausted' },
    });
    expect(outcomes[1]?.problem?.remedy).toContain('contact');
    expect(record.counts).toMatchObject({ applied: 1, rejected: 1 });
  });

  it('is counted as applied when an earlier attempt wrote its row and its identifier', async () => {
    const run = await runSync(two, {
      upsertRows: inTurn<Input<'upsertRows'>, Output<'upsertRows'>>(
        (input) => ({ ...well(input), expansions }),
        ({ resources, packHash }) => ({
          ...well({ resources: [], packHash }),
          expansions,
          written: resources.map(({ reference }) => ({
            ...writtenRow(reference),
            created: false,
            outcome: 'unchanged' as const,
          })),
        }),
      ),
      expandRows: inTurn<Input<'expandRows'>, Output<'expandRows'>>(
        ({ rows }) => ({
          expanded: [],
          ended: [],
          failed: rows.map(({ reference }) => ({ reference, step: 'names' })),
        }),
        (input) => allGoesWell.expandRows(input),
      ),
      writeBackIdentifiers: inTurn<Input<'writeBackIdentifiers'>, Output<'writeBackIdentifiers'>>(
        (input) => allGoesWell.writeBackIdentifiers(input),
        ({ rows }) => ({
          identified: rows.map(({ reference }) => ({ reference })),
          ended: [],
          failed: [],
        }),
      ),
    });
    const { outcomes, record } = run.inputsOf('recordOutcomes')[0]!;
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'applied']);
    expect(outcomes[0]?.children).toEqual({ added: 3, changed: 0, removed: 0 });
    expect(record.identifiers).toBe(2);
  });
});

describe('a step that throws', () => {
  it('is repeated through more than an hour of outage, and nothing is lost', async () => {
    const down = Array.from({ length: 20 }, () => fails);
    const run = await runSync(two, {
      upsertRows: inTurn<Input<'upsertRows'>, Output<'upsertRows'>>(...down, well),
    });
    expect(run.elapsedMs).toBeGreaterThan(3_600_000);
    expect(run.elapsedMs).toBeLessThan(2 * 3_600_000);
    expect(run.inputsOf('recordOutcomes')[0]?.record.counts.applied).toBe(2);
    // Only the step itself is repeated.
    expect(run.inputsOf('readChanges')).toHaveLength(1);
  });

  it.each([
    'readChanges',
    'decideConsent',
    'confirmConsent',
    'recordOutcomes',
    'claimWaiters',
  ] as const)('%s is repeated like any other', async (name) => {
    const run = await runSync(two, {
      [name]: inTurn(fails, fails, allGoesWell[name] as (input: unknown) => unknown),
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.elapsedMs).toBe((5 + 10) * 1000);
    expect(run.inputsOf('recordOutcomes').at(-1)?.record.counts.applied).toBe(2);
  });
});

describe('expansion maps side by side', () => {
  const expanding = (input: Input<'upsertRows'>) => ({ ...well(input), expansions });

  it('that answer "failed" bring only their parents back', async () => {
    const run = await runSync(two, {
      upsertRows: inTurn(expanding, well),
      expandRows: ({ expansion, rows }) => ({
        expanded: [],
        ended: [],
        failed:
          expansion === 'addresses'
            ? rows.map(({ reference }) => ({ reference, step: expansion }))
            : [],
      }),
    });
    const read = run.inputsOf('readChanges').map(({ changes }) => changes.map(({ id }) => id));
    expect(read).toEqual([['a', 'b'], ['a']]);
    expect(run.inputsOf('recordOutcomes')[0]?.record.counts.applied).toBe(2);
  });

  it('that the host loses bring all parents back instead of failing the change set', async () => {
    let lost = false;
    const run = await runSync(two, {
      upsertRows: expanding,
      expandRows: (input) => {
        if (lost || input.expansion === 'addresses') return allGoesWell.expandRows(input);
        lost = true;
        return fails();
      },
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.warnings).toEqual([]);
    expect(run.inputsOf('expandRows')).toHaveLength(4);
    expect(run.inputsOf('recordOutcomes')[0]?.record.counts.applied).toBe(2);
  });

  it('may be a single one', async () => {
    const run = await runSync(two, {
      upsertRows: (input) => ({ ...well(input), expansions: expansions.slice(0, 1) }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.inputsOf('expandRows')).toHaveLength(1);
  });
});
