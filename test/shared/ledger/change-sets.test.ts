import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChangeSetRecord,
  type ChangeSets,
  createChangeSets,
} from '../../../shared/ledger/change-sets.ts';
import { openTable } from '../../../shared/ledger/state-table.ts';
import { emptyCounts } from '../../../shared/outcomes/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';
import { freshId } from '../../support/sync-pass.ts';

const storage = newStorageAccount();

let tables = 0;
/** A table of its own, so that its records are the only ones. */
function newTable() {
  tables += 1;
  return openTable(storage.connectionString, `test${process.pid}x${tables}`);
}

const setOf = (more: Partial<ChangeSetRecord> = {}): ChangeSetRecord => ({
  instanceId: freshId('set'),
  cause: 'events',
  receivedAt: '2026-01-01T00:00:00.000Z',
  received: 0,
  echoes: 0,
  quarantined: 0,
  ignored: 0,
  closed: false,
  identifiers: 0,
  counts: emptyCounts(),
  taken: { parked: 0, rejected: 0 },
  ...more,
});

const kinds = ['applied', 'unchanged', 'parked', 'rejected', 'withheld'] as const;

interface Step {
  readonly endings: readonly (typeof kinds)[number][];
  readonly closes: boolean;
  readonly takes: 'none' | 'parked' | 'rejected';
  readonly repeats: number;
}

interface Model {
  received: number;
  parked: number;
  rejected: number;
}

/** One set, each of its steps repeated: fresh changes, or a release or redrive of as many as there are. */
async function play(sets: ChangeSets, step: Step, there: Model): Promise<void> {
  const isFresh = step.takes === 'none';
  const most = step.takes === 'none' ? step.endings.length : there[step.takes];
  const own = step.endings.slice(0, most);
  const taken = { parked: 0, rejected: 0 };
  if (step.takes !== 'none') taken[step.takes] = own.length;
  const counts = { ...emptyCounts() };
  for (const kind of own) counts[kind] += 1;
  const record = setOf({ received: isFresh ? own.length : 0, taken });
  const closes = step.closes || !isFresh;
  for (let time = 0; time < step.repeats; time += 1) {
    if (isFresh) await sets.open(record);
    if (closes) await sets.close({ ...record, counts });
  }
  there.received += record.received;
  there.parked += closes ? counts.parked - taken.parked : 0;
  there.rejected += closes ? counts.rejected - taken.rejected : 0;
}

describe('change sets', () => {
  it('close: received is the sum of outcomes and what is pending, whatever was parked, released and redriven', async () => {
    const endings = fc.constantFrom(...kinds);
    const step = fc.record({
      endings: fc.array(endings, { minLength: 1, maxLength: 6 }),
      closes: fc.boolean(),
      takes: fc.constantFrom('none', 'parked', 'rejected'),
      repeats: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const sets = createChangeSets(newTable());
        const there = { received: 0, parked: 0, rejected: 0 };
        for (const one of steps) await play(sets, one, there);
        const totals = await sets.totals();
        const ended = Object.values(totals.outcomes).reduce((sum, count) => sum + count, 0);
        expect(ended + totals.pending).toBe(totals.received);
        expect({ received: totals.received, ...totals.outcomes }).toMatchObject(there);
      }),
      { numRuns: 15 },
    );
  });

  it('that are delivered again are recognised, open or closed', async () => {
    const sets = createChangeSets(newTable());
    const record = setOf({ received: 2 });
    expect(await sets.open(record)).toBe('opened');
    expect(await sets.open(record)).toBe('open');
    await sets.close(record);
    expect(await sets.open(record)).toBe('closed');
    expect(await sets.totals()).toMatchObject({ received: 2, pending: 0 });
  });

  it('of which nothing is left to be done do not stay pending when the first delivery was cut short', async () => {
    const sets = createChangeSets(newTable());
    const record = setOf({ received: 2 });
    await sets.open(record);
    const echoesOnly = { ...record, received: 0, echoes: 2, closed: true };
    expect(await sets.open(echoesOnly)).toBe('closed');
    expect(await sets.totals()).toMatchObject({ pending: 0, openChangeSets: 0, echoes: 2 });
  });

  it('that are old are folded without changing a total, by several readers at once', async () => {
    const table = newTable();
    const day = 24 * 3_600_000;
    const sets = createChangeSets(table);
    const later = createChangeSets(table, () => Date.now() + 2 * day);
    for (let index = 0; index < 130; index += 1) {
      await sets.close(
        setOf({
          received: 3,
          echoes: 1,
          identifiers: 1,
          counts: { ...emptyCounts(), applied: 2, parked: 1 },
          taken: { parked: index % 2, rejected: 0 },
        }),
      );
    }
    await sets.open(setOf({ received: 5 }));
    const before = await sets.totals();
    await Promise.all([later.totals(), later.totals(), later.totals()]);
    expect(await later.totals()).toEqual(before);
    expect(await sets.totals()).toEqual(before);
    let records = 0;
    for await (const _ of table.list({})) records += 1;
    expect(records).toBe(2);
  });

  it('that are recent are not folded', async () => {
    const table = newTable();
    const sets = createChangeSets(table, () => Date.now() + 24 * 3_600_000);
    const record = setOf({ received: 1 });
    await sets.close(record);
    await sets.totals();
    expect(await sets.open(record)).toBe('closed');
  });
});
