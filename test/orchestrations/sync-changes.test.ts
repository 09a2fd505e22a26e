import { describe, expect, it } from 'vitest';
import type { ResourceEnding } from '../../shared/outcomes/index.ts';
import {
  allGoesWell,
  change,
  fails,
  inputFor,
  nonZero,
  runSync,
  type Script,
  version,
  writtenRow,
} from './scripted-activities.ts';

const patient = 'Patient/a';
const one = inputFor([change(patient)]);
const nobody = { ended: [], failed: [] };

const endsAs = (ending: Omit<ResourceEnding, 'reference'>): NonNullable<Script['upsertRows']> => {
  return () => ({
    written: [],
    expansions: [],
    awaited: [],
    ended: [{ reference: patient, ...ending }],
    failed: [],
  });
};

const problem = { cause: 'mapping', code: 'wrong-type', remedy: 'Correct the map, then redrive.' };

const endings: readonly (readonly [string, Script, Omit<ResourceEnding, 'reference'>])[] = [
  [
    'applied, with its row and its identifier',
    {},
    { kind: 'applied', rowId: `row-${patient}`, identifierVersion: '2' },
  ],
  [
    'unchanged when the row shows the version already',
    {
      upsertRows: () => ({
        ...nobody,
        expansions: [],
        awaited: [],
        written: [{ ...writtenRow(patient), created: false, outcome: 'unchanged' }],
      }),
    },
    { kind: 'unchanged' },
  ],
  [
    'superseded when the row shows a newer version',
    { upsertRows: endsAs({ kind: 'superseded', versionId: '9' }) },
    { kind: 'superseded', versionId: '9' },
  ],
  [
    'withheld when consent refuses it, and the rows of earlier versions go',
    {
      decideConsent: () => ({
        ...nobody,
        permitted: [],
        ended: [{ reference: patient, kind: 'withheld', reason: 'consent' }],
        refused: [patient],
      }),
    },
    { kind: 'withheld', reason: 'consent' },
  ],
  [
    'withheld when consent turned while the row was written',
    {
      decideConsent: ({ resources }) => ({
        ...nobody,
        permitted: resources.map((resource) => ({ ...resource, patients: [patient] })),
        refused: [],
      }),
      confirmConsent: () => ({ turned: [patient] }),
    },
    { kind: 'withheld', reason: 'consent turned while the row was written' },
  ],
  [
    'skipped when no map is enabled',
    {
      readChanges: () => ({
        ...nobody,
        current: [],
        gone: [],
        consentTurns: [],
        ended: [{ reference: patient, kind: 'skipped', reason: 'no enabled map for this type' }],
      }),
    },
    { kind: 'skipped' },
  ],
  [
    'parked when a row that it points to is missing',
    { upsertRows: endsAs({ kind: 'parked', waitingFor: ['Organization/o'] }) },
    { kind: 'parked', waitingFor: ['Organization/o'] },
  ],
  [
    'rejected when its map does not fit',
    { upsertRows: endsAs({ kind: 'rejected', problem }) },
    { kind: 'rejected', problem },
  ],
  [
    'rejected when a child row is refused, though the root row was written',
    {
      upsertRows: () => ({
        ...nobody,
        awaited: [],
        written: [writtenRow(patient)],
        expansions: [{ expansion: 'names', resourceType: 'Patient', references: [patient] }],
      }),
      expandRows: () => ({
        expanded: [],
        failed: [],
        ended: [{ reference: patient, kind: 'rejected', problem }],
      }),
    },
    { kind: 'rejected', problem },
  ],
  [
    'removed when FHIR has it no longer',
    {
      readChanges: () => ({ ...nobody, current: [], gone: [patient], consentTurns: [] }),
    },
    { kind: 'removed' },
  ],
];

describe('a change ends', () => {
  it.each(endings)('%s', async (_name, script, expected) => {
    const run = await runSync(one, script);
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.warnings).toEqual([]);
    const [recorded] = run.inputsOf('recordOutcomes');
    expect(recorded?.outcomes).toHaveLength(1);
    expect(recorded?.outcomes[0]).toMatchObject(expected);
    expect(nonZero(recorded!.record.counts)).toEqual({ [expected.kind]: 1 });
    expect(recorded?.record.closed).toBe(true);
    expect(run.output).toEqual(recorded?.record.counts);
  });

  it('withdrawn before it is recorded as withheld', async () => {
    const run = await runSync(one, endings[3]![1]);
    expect(run.names).toEqual(['readChanges', 'decideConsent', 'withdrawRows', 'recordOutcomes']);
    expect(run.inputsOf('withdrawRows')).toMatchObject([{ references: [patient] }]);
  });

  it('once, however often its resource changed: the newest takes the ending', async () => {
    const changes = ['1', '3', '2'].map((versionId) => change(patient, { versionId }));
    const run = await runSync(inputFor(changes));
    const outcomes = run.inputsOf('recordOutcomes')[0]!.outcomes;
    expect(outcomes.map(({ kind }) => kind)).toEqual(['superseded', 'applied', 'superseded']);
    expect(run.inputsOf('upsertRows')[0]?.resources).toHaveLength(1);
  });
});

describe('outcomes are recorded', () => {
  it('once, before anything follows from them', async () => {
    const run = await runSync(one, {
      readChanges: (input) => ({
        ...allGoesWell.readChanges(input),
        consentTurns: [patient],
      }),
    });
    const after = run.names.slice(run.names.indexOf('recordOutcomes'));
    expect(after).toEqual(['recordOutcomes', 'reviewPatients', 'claimWaiters']);
  });

  it('with what the intake counted, and the identifiers that were written back', async () => {
    const input = inputFor([change(patient), change('Patient/b')]);
    const set = { ...input.set, received: 2, echoes: 3, quarantined: 1, ignored: 4 };
    const run = await runSync({ ...input, set });
    expect(run.inputsOf('recordOutcomes')).toHaveLength(1);
    expect(run.inputsOf('recordOutcomes')[0]?.record).toMatchObject({
      ...set,
      instanceId: 'sync-1',
      identifiers: 2,
    });
  });

  it('when no step has answered for a change: it is tried again, then needs a person', async () => {
    const run = await runSync(inputFor([change(patient), change('Patient/lost')]), {
      readChanges: () => ({ ...nobody, current: [version(patient)], gone: [], consentTurns: [] }),
    });
    const { outcomes } = run.inputsOf('recordOutcomes')[0]!;
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'rejected']);
    expect(outcomes[1]?.problem).toMatchObject({ cause: 'retries-exhausted' });
    expect(run.inputsOf('readChanges')).toHaveLength(4);
  });
});

describe('an activity that always fails', () => {
  it('leaves no change without an ending: after about a day they need a person', async () => {
    const run = await runSync(inputFor([change(patient), change('Patient/b')]), {
      writeBackIdentifiers: fails,
    });
    expect(run.runtimeStatus).toBe('Completed');
    const { outcomes } = run.inputsOf('recordOutcomes')[0]!;
    expect(outcomes.map(({ problem: told }) => told?.cause)).toEqual([
      'step-failed',
      'step-failed',
    ]);
    const hours = run.elapsedMs / 3_600_000;
    expect(hours).toBeGreaterThan(20);
    expect(hours).toBeLessThan(28);
    // The rows are there all the same: whoever waits for them goes on.
    expect(run.inputsOf('claimWaiters')[0]?.references).toEqual([patient, 'Patient/b']);
  });
});
