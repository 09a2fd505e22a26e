import { describe, expect, it } from 'vitest';
import type { Change } from '../../shared/events/index.ts';
import {
  allGoesWell,
  change,
  type Input,
  inputFor,
  type Output,
  runSync,
  type Script,
} from './scripted-activities.ts';

/** Above this a message of the Azure Storage provider goes through a blob (facts/durable-host.md 4). */
const inlineBytes = 45 * 1024;

const guid = (index: number): string =>
  `6f9619ff-8b86-d011-b42d-${String(index).padStart(12, '0')}`;

const hundred: readonly Change[] = Array.from({ length: 100 }, (_, index) =>
  change(`MedicationRequest/${guid(index)}`, { changeId: guid(index + 500) }),
);

const realRow = ({ reference }: { readonly reference: string }) => ({
  ...allGoesWell.upsertRows({ resources: [{ reference, versionId: '1', lastUpdated: '' }] })
    .written[0]!,
  table: 'msemr_medicationrequest',
  rowId: guid(1),
  lastUpdated: '2026-01-01T00:00:00.000+00:00',
});

const upsertAll = ({ resources }: Input<'upsertRows'>): Output<'upsertRows'> => ({
  ...allGoesWell.upsertRows({ resources: [] }),
  written: resources.map(realRow),
  expansions: [
    {
      expansion: 'msemr_medicationrequest_dosage',
      resourceType: 'MedicationRequest',
      references: resources.map(({ reference }) => reference),
    },
  ],
});

const problem = {
  cause: 'dataverse-refused',
  code: '0x80044331',
  map: 'MedicationRequest',
  column: 'msemr_dispenserequestvalidityperiod',
  remedy: 'Widen the column in Dataverse, or let the map truncate this attribute.',
};

const rejectAll = ({ resources }: Input<'upsertRows'>): Output<'upsertRows'> => ({
  ...allGoesWell.upsertRows({ resources: [] }),
  ended: resources.map(({ reference }) => ({ reference, kind: 'rejected', problem })),
});

const parkAll = ({ resources }: Input<'upsertRows'>): Output<'upsertRows'> => ({
  ...allGoesWell.upsertRows({ resources: [] }),
  ended: resources.map(({ reference }) => ({
    reference,
    kind: 'parked',
    waitingFor: [`Patient/${guid(7)}`],
  })),
});

const worst: readonly (readonly [string, Script])[] = [
  ['applied', { upsertRows: upsertAll }],
  ['rejected', { upsertRows: rejectAll }],
  ['parked', { upsertRows: parkAll }],
];

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '');

describe('what the durable store keeps of a hundred changes', () => {
  it.each(worst)('that are %s stays small, step by step', async (_name, script) => {
    const run = await runSync(inputFor(hundred), script);
    expect(run.runtimeStatus).toBe('Completed');
    const inputs = run.activityCalls.map(({ name, input }) => ({ name, size: bytes(input) }));
    const outputs = run.history
      .filter((event) => event['EventType'] === 'TaskCompleted')
      .map((event) => ({ name: event['FunctionName'], size: bytes(event['Result']) }));
    const messages = [...inputs, ...outputs, { name: 'start', size: bytes(inputFor(hundred)) }];
    const large = messages.filter(({ size }) => size > inlineBytes);
    // Outcomes with a remedy each may take the way through a blob once, at the end of the set.
    expect(large.filter(({ name }) => name !== 'recordOutcomes')).toEqual([]);
    expect(Math.max(...messages.map(({ size }) => size))).toBeLessThan(64 * 1024);
    expect(bytes(run.history)).toBeLessThan(128 * 1024);
  });

  it('that waited, fifty at a time', async () => {
    const waiters = hundred.map((item) => ({
      change: item,
      waitingFor: `Patient/${guid(7)}`,
      since: '2026-01-01T00:00:00.000Z',
    }));
    let asked = 0;
    const run = await runSync(inputFor([change('Patient/a')]), {
      claimWaiters: () => ({ waiters: asked++ === 0 ? waiters : [] }),
      upsertRows: (input) => ({ ...upsertAll(input), awaited: ['Patient/a'] }),
    });
    const sizes = run.activityCalls.map(({ input }) => bytes(input));
    expect(run.inputsOf('recordOutcomes')).toHaveLength(3);
    expect(Math.max(...sizes)).toBeLessThan(inlineBytes);
  });
});
