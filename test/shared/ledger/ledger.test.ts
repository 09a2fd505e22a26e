import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLedger, type ParkedChange } from '../../../shared/ledger/index.ts';
import { keyPart, openTable } from '../../../shared/ledger/state-table.ts';
import type { ChangeOutcome } from '../../../shared/outcomes/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';
import { changeOf, freshId } from '../../support/sync-pass.ts';

const storage = newStorageAccount();
const ledger = createLedger(storage.connectionString);

let tables = 0;
/** A table of its own, so that its records are the only ones. */
function newTable() {
  tables += 1;
  return openTable(storage.connectionString, `test${process.pid}x${tables}`);
}

const parkedOf = (waitingFor: string, id = freshId('waiter')): ParkedChange => ({
  change: changeOf(`Observation/${id}`),
  waitingFor,
  since: '2026-01-01T00:00:00.000Z',
});

const chapterOf = (outcome: ChangeOutcome, at = '2026-01-01T00:00:00.000Z') => ({
  instanceId: 'instance',
  at,
  outcome,
});

describe('stories', () => {
  it('come back in the order of their instants, and only of the resource asked for', async () => {
    const id = freshId('story');
    const instants = ['2026-01-03', '2026-01-01', '2026-01-02'].map(
      (day) => `${day}T00:00:00.000Z`,
    );
    const outcome = (resource: string): ChangeOutcome => ({
      change: changeOf(resource),
      kind: 'applied',
    });
    await ledger.stories.record([
      ...instants.map((at) => chapterOf(outcome(`Patient/${id}`), at)),
      chapterOf(outcome(`Patient/${id}-more`)),
      chapterOf(outcome(`Practitioner/${id}`)),
    ]);
    const chapters = await ledger.stories.of({ resourceType: 'Patient', id });
    expect(chapters.map(({ at }) => at)).toEqual([...instants].sort());
  });

  it('are the same when they are recorded twice', async () => {
    const id = freshId('twice');
    const chapter = chapterOf({ change: changeOf(`Patient/${id}`), kind: 'applied' });
    await ledger.stories.record([chapter, chapter]);
    await ledger.stories.record([chapter]);
    expect(await ledger.stories.of({ resourceType: 'Patient', id })).toEqual([chapter]);
  });
});

describe('dead letters', () => {
  it('are listed by cause, counted, and settled', async () => {
    const cause = freshId('cause');
    const letters = Array.from({ length: 3 }, () =>
      chapterOf({
        change: changeOf(`Patient/${freshId('letter')}`),
        kind: 'rejected',
        problem: { cause, code: 'x', remedy: 'y' },
      }),
    );
    const before = await ledger.deadLetters.count();
    await ledger.deadLetters.record(letters);
    await ledger.deadLetters.record(letters);
    expect(await ledger.deadLetters.count()).toBe(before + 3);
    expect(await ledger.deadLetters.list({ cause, limit: 2 })).toHaveLength(2);
    await ledger.deadLetters.settle(letters.slice(0, 2));
    expect(await ledger.deadLetters.list({ cause, limit: 9 })).toEqual(letters.slice(2));
  });
});

describe('the waiting room', () => {
  it('finds waiters by what they wait for', async () => {
    const [first, second] = [`Patient/${freshId('a')}`, `Patient/${freshId('b')}`];
    const waiting = [parkedOf(first), parkedOf(first), parkedOf(second)];
    await ledger.parked.park(waiting);
    const found = await ledger.parked.waitingFor([first]);
    expect(found.map(({ change }) => change.changeId).toSorted()).toEqual(
      waiting
        .slice(0, 2)
        .map(({ change }) => change.changeId)
        .toSorted(),
    );
    await ledger.parked.release(waiting);
    expect(await ledger.parked.waitingFor([first, second])).toEqual([]);
  });

  it('hands each waiter to exactly one of many who claim it, again and again the same', async () => {
    const waiting = Array.from({ length: 12 }, () => parkedOf(`Patient/${freshId('claimed')}`));
    await ledger.parked.park(waiting);
    const claimers = Array.from({ length: 8 }, (_, index) => `claimer-${index}`);
    const claim = () =>
      Promise.all(claimers.map((instanceId) => ledger.parked.claim(waiting, instanceId)));
    const first = await claim();
    const ids = first.flat().map(({ change }) => change.changeId);
    expect(ids.toSorted()).toEqual(waiting.map(({ change }) => change.changeId).toSorted());
    expect(await claim()).toEqual(first);
    await ledger.parked.release(waiting);
  });

  it('finds waiters among more than five hundred', async () => {
    const crowd = Array.from({ length: 520 }, (_, index) => parkedOf(`Patient/crowd-${index % 7}`));
    const awaited = `Patient/${freshId('needle')}`;
    const needle = parkedOf(awaited);
    await ledger.parked.park([...crowd, needle]);
    expect(await ledger.parked.waitingFor([awaited, 'Patient/nobody'])).toEqual([needle]);
    expect(await ledger.parked.waitingFor(['Patient/crowd-3'])).toHaveLength(
      crowd.filter(({ waitingFor }) => waitingFor === 'Patient/crowd-3').length,
    );
    await ledger.parked.release([...crowd, needle]);
  });
});

describe('own writes', () => {
  it('are known to other workers, by exact version', async () => {
    const id = freshId('own');
    const write = { resourceType: 'Patient', id, versionId: '7', baseVersionId: '6', at: 'now' };
    await ledger.ownWrites.record([write]);
    const other = createLedger(storage.connectionString).ownWrites;
    expect(await other.isOwn(write)).toBe(true);
    expect(await other.isOwn({ ...write, versionId: '6' })).toBe(false);
    expect(await other.isOwn({ ...write, resourceType: 'Practitioner' })).toBe(false);
  });
});

describe('a table', () => {
  it('keeps records under keys of any characters apart', async () => {
    const table = newTable();
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    const odd = fc.constantFrom(
      '/',
      '\\',
      '#',
      '?',
      '%',
      '~',
      '~2f',
      "'",
      '"',
      '\t',
      '\u0085',
      '\u2028',
      ' ',
      '+',
      '&',
      'ä',
      '%2f',
    );
    const key = fc
      .array(fc.oneof(odd, text), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 6 }), async (names) => {
        const partition = keyPart(freshId('odd'));
        const records = names.map((name) => ({
          key: { partition, row: keyPart(name) },
          body: { name },
        }));
        await table.putAll(records);
        const read = await Promise.all(records.map((record) => table.get(record.key)));
        expect(read).toEqual(names.map((name) => ({ name })));
      }),
      { numRuns: 25 },
    );
  });

  it('takes more than a hundred records at once, the last of equal keys', async () => {
    const table = newTable();
    const records = Array.from({ length: 250 }, (_, index) => ({
      key: { partition: `p${index % 2}`, row: String(index % 230).padStart(4, '0') },
      body: { index },
    }));
    await table.putAll(records);
    const last = new Map(records.map(({ key, body }) => [`${key.partition} ${key.row}`, body]));
    const found = new Map<string, unknown>();
    for await (const { key, body } of table.list({}))
      found.set(`${key.partition} ${key.row}`, body);
    expect(found).toEqual(last);
    expect(await table.count()).toBe(last.size);
  });

  it('says STATE_UNAVAILABLE, to be tried again, when storage does not answer', async () => {
    const gone = storage.connectionString.replaceAll(/:\d+\//g, ':9/');
    const down = createLedger(gone);
    const version = { resourceType: 'Patient', id: 'x', versionId: '1' };
    const unavailable = { code: 'STATE_UNAVAILABLE', retryable: true };
    await Promise.all([
      expect(down.changeSets.totals()).rejects.toMatchObject(unavailable),
      expect(down.ownWrites.isOwn(version)).rejects.toMatchObject(unavailable),
    ]);
  });
});
