import type { MigrationStore, Records } from '../../shared/migration/index.ts';

/**
 * What a migration remembers, without storage: rows in the order of their keys, each taken through
 * JSON as a table property would take it.
 */
export function memoryMigrationStore(): MigrationStore {
  const opened = new Map<string | symbol, Records<unknown>>();
  const handler: ProxyHandler<MigrationStore> = {
    get: (_target, name) => {
      const records = opened.get(name) ?? memoryRecords();
      opened.set(name, records);
      return records;
    },
  };
  return new Proxy({} as MigrationStore, handler);
}

function memoryRecords<T>(): Records<T> {
  const partitions = new Map<string, Map<string, string>>();
  const rowsOf = (partition: string): Map<string, string> => {
    const rows = partitions.get(partition) ?? new Map<string, string>();
    partitions.set(partition, rows);
    return rows;
  };
  const put = (partition: string, row: string, record: T): void => {
    rowsOf(partition).set(row, JSON.stringify(record));
  };
  const sorted = (partition: string): readonly T[] =>
    [...rowsOf(partition)]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, text]): T => JSON.parse(text));
  return {
    get: async (partition, row) => {
      const text = rowsOf(partition).get(row);
      return text === undefined ? undefined : JSON.parse(text);
    },
    put: async (partition, row, record) => put(partition, row, record),
    putAll: async (records) => {
      for (const { partition, row, record } of records) put(partition, row, record);
    },
    list: async (partition, limit) => sorted(partition).slice(0, limit),
    async *each(partition) {
      yield* sorted(partition);
    },
    remove: async (partition, row) => {
      rowsOf(partition).delete(row);
    },
  };
}
