import type { OrchestrationHandler } from 'durable-functions';
import { describe, expect, it } from 'vitest';
import type { ParkedChange } from '../../shared/ledger/index.ts';
import {
  allGoesWell,
  change,
  type Input,
  inputFor,
  inTurn,
  type Output,
  runSync,
  type Script,
} from './scripted-activities.ts';

const organization = inputFor([change('Organization/o')]);

const waiter = (id: string): ParkedChange => ({
  change: change(`Patient/${id}`),
  waitingFor: 'Organization/o',
  since: '2026-01-01T00:00:00.000Z',
});

/** Only the first call finds these waiters. */
const claims = (...waiters: readonly ParkedChange[]): NonNullable<Script['claimWaiters']> =>
  inTurn<Input<'claimWaiters'>, Output<'claimWaiters'>>(
    () => ({ waiters }),
    () => ({ waiters: [] }),
  );

const parks = (input: Input<'upsertRows'>): Output<'upsertRows'> => ({
  written: [],
  expansions: [],
  awaited: [],
  failed: [],
  ended: input.resources.map(({ reference }) => ({
    reference,
    kind: 'parked',
    waitingFor: ['Organization/o'],
  })),
});

const turns =
  (...patients: readonly string[]) =>
  (input: Input<'readChanges'>): Output<'readChanges'> => ({
    ...allGoesWell.readChanges(input),
    consentTurns: input.changes.some(({ resourceType }) => resourceType === 'Consent')
      ? patients
      : [],
  });

describe('changes that waited for a row', () => {
  it('go on in a child once the row is there, and are counted as taken over', async () => {
    const run = await runSync(organization, { claimWaiters: claims(waiter('a'), waiter('b')) });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.inputsOf('claimWaiters')[0]).toEqual({
      instanceId: 'sync-1',
      references: ['Organization/o'],
    });
    const [, released] = run.inputsOf('recordOutcomes');
    expect(released?.instanceId).toBe('sync-1:release-0');
    expect(released?.released).toEqual([waiter('a'), waiter('b')]);
    expect(released?.record).toMatchObject({
      cause: 'release',
      received: 0,
      taken: { parked: 2, rejected: 0 },
      counts: { applied: 2 },
    });
  });

  it('are looked for only when a row was made', async () => {
    const run = await runSync(organization, { upsertRows: parks });
    expect(run.names).not.toContain('claimWaiters');
  });

  it('go on once, though they were just parked and are claimed as waiters too', async () => {
    const item = waiter('a');
    const input = inputFor([change('Organization/o'), item.change]);
    const run = await runSync(input, {
      upsertRows: inTurn<Input<'upsertRows'>, Output<'upsertRows'>>(
        ({ resources, packHash }) => ({
          ...allGoesWell.upsertRows({ resources: resources.slice(0, 1) }),
          ended: parks({ resources: resources.slice(1), packHash }).ended,
        }),
        allGoesWell.upsertRows,
      ),
      parkChanges: () => ({ ready: [item] }),
      claimWaiters: claims(item),
    });
    const released = run
      .inputsOf('recordOutcomes')
      .filter(({ record }) => record.cause === 'release');
    expect(released.map(({ record }) => record.taken.parked)).toEqual([1]);
  });

  it('go on by fifties, each in one child', async () => {
    const many = Array.from({ length: 250 }, (_, index) => waiter(`p${index}`));
    const run = await runSync(organization, { claimWaiters: claims(...many, ...many) });
    const sizes = run.inputsOf('recordOutcomes').map(({ outcomes }) => outcomes.length);
    expect(sizes.toSorted((one, other) => one - other)).toEqual([1, 50, 50, 50, 50, 50]);
    const ids = run.inputsOf('recordOutcomes').map(({ instanceId }) => instanceId);
    expect(new Set(ids).size).toBe(6);
  });

  it('in circles without end get ids that stay short and unique, and a pause in between', async () => {
    let generation = 0;
    const run = await runSync(inputFor([waiter('a').change]), {
      upsertRows: (input) => {
        generation += 1;
        return generation <= 40 ? parks(input) : allGoesWell.upsertRows(input);
      },
      parkChanges: () => ({ ready: [waiter('a')] }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    const ids = run.inputsOf('recordOutcomes').map(({ instanceId }) => instanceId);
    expect(new Set(ids).size).toBe(41);
    expect(Math.max(...ids.map(({ length }) => length))).toBeLessThanOrEqual(200);
    expect(run.elapsedMs).toBe(39 * 300_000);
  });
});

describe('a turn of consent', () => {
  const consent = inputFor([change('Consent/c')]);

  it('to a refusal withdraws what was sent', async () => {
    const run = await runSync(consent, {
      readChanges: turns('Patient/a'),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.inputsOf('withdrawPatient')).toMatchObject([{ patient: 'Patient/a' }]);
    expect(run.names.indexOf('recordOutcomes')).toBeLessThan(run.names.indexOf('reviewPatients'));
  });

  it('to a permission brings the compartment in sets of a hundred, gate included', async () => {
    const compartment = Array.from({ length: 130 }, (_, index) =>
      change(`Observation/o${index}`, { cause: 'backfill' }),
    );
    const run = await runSync(consent, {
      readChanges: turns('Patient/a'),
      reviewPatients: () => ({ withdraw: [], backfill: ['Patient/a'] }),
      findCompartment: () => ({ changes: compartment }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    const backfills = run
      .inputsOf('recordOutcomes')
      .filter(({ record }) => record.cause === 'backfill');
    expect(backfills.map(({ record }) => record.received)).toEqual([100, 30]);
    expect(backfills.map(({ instanceId }) => instanceId)).toEqual([
      'sync-1:backfill-Patient-a:part-0',
      'sync-1:backfill-Patient-a:part-100',
    ]);
    expect(run.inputsOf('decideConsent')).toHaveLength(3);
  });

  it('goes through a compartment of any size part by part, and each history stays small', async () => {
    const pages = Array.from({ length: 5 }, (_, page) => ({
      changes: Array.from({ length: 150 }, (_, index) =>
        change(`Observation/o${page}-${index}`, { cause: 'backfill' }),
      ),
      ...(page < 4 ? { next: { search: 'Observation patient', link: `page-${page + 1}` } } : {}),
    }));
    const run = await runSync(consent, {
      readChanges: turns('Patient/a'),
      reviewPatients: () => ({ withdraw: [], backfill: ['Patient/a'] }),
      findCompartment: ({ from }) => pages[Number(from?.link?.slice('page-'.length) ?? 0)]!,
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.inputsOf('findCompartment').map(({ from }) => from?.link)).toEqual([
      ...[undefined, 'page-1', 'page-2', 'page-3', 'page-4'],
    ]);
    const backfills = run
      .inputsOf('recordOutcomes')
      .filter(({ record }) => record.cause === 'backfill');
    expect(backfills.reduce((sum, { record }) => sum + record.received, 0)).toBe(750);
    expect(new Set(backfills.map(({ instanceId }) => instanceId)).size).toBe(10);
    expect(run.inputsOf('clearWithheld')).toHaveLength(1);
  });

  it('to a refusal takes back part by part, and then what FHIR says is about the patient', async () => {
    const row = { table: 'contact', rowId: 'row' };
    const run = await runSync(consent, {
      readChanges: turns('Patient/a'),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
      withdrawPatient: inTurn<Input<'withdrawPatient'>, Output<'withdrawPatient'>>(
        () => ({ rows: [row, row], more: true }),
        () => ({ rows: [row], more: false }),
      ),
      findCompartment: ({ from }) =>
        from === undefined
          ? { changes: [change('Patient/a')], next: { search: 'Appointment patient' } }
          : { changes: [change('Appointment/shared')] },
      withdrawRows: () => ({ rows: [row], failed: [] }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.inputsOf('withdrawPatient')).toHaveLength(2);
    expect(run.inputsOf('withdrawRows').map(({ references }) => references)).toEqual([
      ['Patient/a'],
      ['Appointment/shared'],
    ]);
  });

  it('forgets that something was held back before it looks, so that what is held back now is remembered', async () => {
    const run = await runSync(consent, {
      readChanges: turns('Patient/a'),
      reviewPatients: () => ({ withdraw: [], backfill: ['Patient/a'] }),
      findCompartment: () => ({ changes: [change('Observation/o')] }),
    });
    const cleared = run.names.indexOf('clearWithheld');
    expect(cleared).toBeLessThan(run.names.indexOf('findCompartment'));
    expect(cleared).toBeLessThan(run.names.lastIndexOf('decideConsent'));
  });

  it('waits for no release of the same set', async () => {
    const input = inputFor([change('Consent/c'), change('Organization/o')]);
    const slow = waiter('slow');
    const run = await runSync(input, {
      readChanges: (asked) =>
        asked.changes.some(({ id }) => id === 'slow')
          ? {
              ...allGoesWell.readChanges({ changes: [] }),
              failed: [{ reference: 'Patient/slow', step: 'reading', retryAfterSeconds: 3600 }],
            }
          : turns('Patient/a')(asked),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
      claimWaiters: claims(slow),
    });
    const lastRead = run.names.lastIndexOf('readChanges');
    expect(run.names.indexOf('withdrawPatient')).toBeLessThan(lastRead);
  });

  it('waits for no neighbour in the same set that has to be tried again', async () => {
    const input = inputFor([change('Consent/c'), change('Patient/busy')]);
    const run = await runSync(input, {
      readChanges: (asked) => ({
        ...turns('Patient/a')(asked),
        failed: [{ reference: 'Patient/busy', step: 'reading', retryAfterSeconds: 86_400 }],
      }),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
    });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.names.indexOf('withdrawPatient')).toBeLessThan(run.names.lastIndexOf('readChanges'));
    expect(run.inputsOf('withdrawPatient')).toHaveLength(1);
  });

  it('that fails before a pause is carried out at the end', async () => {
    const input = inputFor([change('Consent/c'), change('Patient/busy')]);
    const resyncPatient: OrchestrationHandler = function* ({ df }) {
      if (df.instanceId.includes('round-')) throw new Error('it failed for a day');
      return yield df.callActivity('withdrawPatient', { patient: 'Patient/a' });
    };
    const script: Script = {
      readChanges: (asked) => ({
        ...turns('Patient/a')(asked),
        failed: [{ reference: 'Patient/busy', step: 'reading' }],
      }),
      reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
    };
    const retry = { firstSeconds: 5, maxSeconds: 300, attempts: 2 };
    const run = await runSync({ ...input, retry }, script, { resyncPatient });
    expect(run.runtimeStatus).toBe('Completed');
    expect(run.names.indexOf('recordOutcomes')).toBeLessThan(run.names.indexOf('withdrawPatient'));
  });

  it('that fails for one patient reaches the others, and the set shows that it failed', async () => {
    const seen: string[] = [];
    const resyncPatient: OrchestrationHandler = function* (context) {
      const { patient } = context.df.getInput<{ patient: string }>();
      if (patient === 'Patient/a') throw new Error('it failed for a day');
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
      if (!context.df.isReplaying) seen.push(patient);
      return patient;
    };
    const script: Script = {
      readChanges: turns('Patient/a', 'Patient/b', 'Patient/c'),
      reviewPatients: () => ({ withdraw: ['Patient/a', 'Patient/b'], backfill: ['Patient/c'] }),
    };
    const run = await runSync(consent, script, { resyncPatient });
    expect(run.runtimeStatus).toBe('Failed');
    expect(run.warnings).toEqual([]);
    expect(seen).toEqual(['Patient/b', 'Patient/c']);
    expect(run.inputsOf('recordOutcomes')).toHaveLength(1);
  });
});
