import { beforeAll } from 'vitest';
import { openTable } from '../../../shared/ledger/state-table.ts';
import {
  createMapStore,
  enabledByPack,
  loadMapFiles,
  type MapStorage,
  packRoots,
} from '../../../shared/mapping/index.ts';
import { newStorageAccount, type StorageAccount } from '../../support/storage-account.ts';
import { mapsFolder } from './maps-folder.ts';

const files = await loadMapFiles(mapsFolder);
export const demo = packRoots(files, 'demo')!;
/** The maps as shipped, with the pack `demo`. */
export const shipped = enabledByPack(files, demo);

export function inMemory(): MapStorage {
  const records = new Map<string, { key: { partition: string; row: string }; body: string }>();
  const place = (key: { partition: string; row: string }) => `${key.partition} ${key.row}`;
  return {
    insert: async (key, body) => {
      if (records.has(place(key))) return 'exists';
      records.set(place(key), { key, body: JSON.stringify(body) });
      return 'inserted';
    },
    get: async (key) => {
      const found = records.get(place(key));
      return found === undefined ? undefined : JSON.parse(found.body);
    },
    list: async function* ({ partition }) {
      for (const { key, body } of records.values()) {
        if (key.partition === partition) yield { key, body: JSON.parse(body) };
      }
    },
  };
}

/** Opens new tables in Azurite while the tests of this file run. */
export function azureTables(): () => MapStorage {
  let account: StorageAccount | undefined;
  let tables = 0;
  beforeAll(() => {
    account = newStorageAccount();
  });
  return () => {
    tables += 1;
    return openTable(account!.connectionString, `maps${process.pid}x${tables}`);
  };
}

let minutes = 0;

/** A store whose clock goes on by a minute with each change. */
export const storeIn = (storage: MapStorage) =>
  createMapStore({
    storage,
    shipped,
    now: () => {
      minutes += 1;
      return new Date(Date.UTC(2026, 0, 1, 0, minutes));
    },
  });
