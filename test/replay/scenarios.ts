import type { SyncChangesInput } from '../../orchestrations/sync-changes.ts';
import {
  allGoesWell,
  change,
  fails,
  type Input,
  inputFor,
  inTurn,
  type Output,
  type Script,
} from '../orchestrations/scripted-activities.ts';

export interface Scenario {
  readonly input: SyncChangesInput;
  readonly script: Script;
}

const expansions = [
  { expansion: 'names', resourceType: 'Patient', references: ['Patient/a', 'Patient/b'] },
  { expansion: 'addresses', resourceType: 'Patient', references: ['Patient/a'] },
];

const expanding = (input: Input<'upsertRows'>): Output<'upsertRows'> => ({
  ...allGoesWell.upsertRows(input),
  expansions,
});

const withFailure = ({ resources }: Input<'upsertRows'>): Output<'upsertRows'> => ({
  ...allGoesWell.upsertRows({ resources: resources.slice(1) }),
  failed: resources
    .slice(0, 1)
    .map(({ reference }) => ({ reference, step: 'contact', retryAfterSeconds: 30 })),
});

const waiting = {
  change: change('Patient/waiter'),
  waitingFor: 'Organization/o',
  since: '2026-01-01T00:00:00.000Z',
};

/** Which lives are recorded, each by the answers of its activities. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'one-change': { input: inputFor([change('Patient/a')]), script: {} },
  'outage-and-retries': {
    input: inputFor([change('Patient/a'), change('Patient/b')]),
    script: {
      readChanges: inTurn<Input<'readChanges'>, Output<'readChanges'>>(
        fails,
        fails,
        allGoesWell.readChanges,
      ),
      upsertRows: inTurn(withFailure, expanding),
    },
  },
  'lost-expansion': {
    input: inputFor([change('Patient/a'), change('Patient/b')]),
    script: {
      upsertRows: expanding,
      expandRows: inTurn<Input<'expandRows'>, Output<'expandRows'>>(fails, allGoesWell.expandRows),
    },
  },
  'gives-up': {
    input: inputFor([change('Patient/a')]),
    script: { upsertRows: withFailure },
  },
  'follow-ups': {
    input: inputFor(
      ['Organization/o', 'Encounter/gone', 'Observation/refused', 'Consent/c'].map((reference) =>
        change(reference),
      ),
    ),
    script: {
      readChanges: (input) => {
        const { current, ...rest } = allGoesWell.readChanges(input);
        const isFirst = input.changes.some(({ resourceType }) => resourceType === 'Consent');
        return {
          ...rest,
          current: current.filter(({ reference }) => !/^(Encounter|Consent)/.test(reference)),
          gone: isFirst ? ['Encounter/gone'] : [],
          ended: isFirst ? [{ reference: 'Consent/c', kind: 'skipped' }] : [],
          consentTurns: isFirst ? ['Patient/a', 'Patient/b'] : [],
        };
      },
      decideConsent: (input) => {
        const { permitted, ...rest } = allGoesWell.decideConsent(input);
        const isRefused = ({ reference }: { readonly reference: string }) =>
          reference === 'Observation/refused';
        return {
          ...rest,
          permitted: permitted.filter((resource) => !isRefused(resource)),
          refused: permitted.filter(isRefused).map(({ reference }) => reference),
          ended: permitted
            .filter(isRefused)
            .map(({ reference }) => ({ reference, kind: 'withheld' as const })),
        };
      },
      upsertRows: (input) =>
        input.resources.some(({ reference }) => reference === 'Organization/o')
          ? allGoesWell.upsertRows(input)
          : { ...allGoesWell.upsertRows(input), awaited: [] },
      claimWaiters: () => ({ waiters: [waiting] }),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: ['Patient/b'] }),
      findCompartment: () => ({ changes: [change('Patient/b', { cause: 'backfill' })] }),
    },
  },
};
