import { expect, it } from 'vitest';
import { createLedger, type ParkedChange } from '../../../shared/ledger/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';

const storage = newStorageAccount();

const parked: ParkedChange = {
  change: {
    changeId: 'late',
    resourceType: 'Observation',
    id: 'o1',
    kind: 'created',
    cause: 'event',
    occurredAt: '2026-01-01T00:00:00.000Z',
  },
  waitingFor: 'Patient/p1',
  since: '2026-01-01T00:00:01.000Z',
};

it('a claimer that saw the waiter before another went on with it gets nothing', async () => {
  const { parked: room } = createLedger(storage.connectionString);
  await room.park([parked]);
  const [seenByBoth] = [await room.waitingFor(['Patient/p1'])];
  expect(await room.claim(seenByBoth, 'first')).toEqual([parked]);
  await room.release([parked]);
  expect(await room.claim(seenByBoth, 'second')).toEqual([]);
  const again = { ...parked, since: '2026-01-01T00:00:09.000Z' };
  await room.park([again]);
  expect(await room.claim(seenByBoth, 'second')).toEqual([]);
  expect(await room.claim([again], 'second')).toEqual([again]);
});
