import {
  type TableClient as Client,
  odata,
  RestError,
  TableClient,
  type TransactionAction,
} from '@azure/data-tables';
import { DefaultAzureCredential } from '@azure/identity';
import { AppError } from '../errors.ts';

export interface RecordKey {
  readonly partition: string;
  readonly row: string;
}

export interface WrittenRecord {
  readonly key: RecordKey;
  readonly body: object;
}

export interface StoredRecord {
  readonly key: RecordKey;
  readonly body: unknown;
  /** Changes with every write. */
  readonly etag: string;
  /** When the table last wrote it; ISO 8601 in UTC. */
  readonly writtenAt: string;
}

/** One record takes the place of others of its partition. */
export interface Fold {
  readonly into: WrittenRecord;
  /** The state of `into` as it was read; undefined when it was not there. */
  readonly etag: string | undefined;
  /** At most 99: the transaction has room for 100 operations. */
  readonly removed: readonly RecordKey[];
}

export interface ListRange {
  readonly partition?: string;
  /** Only rows whose key starts with this; needs a partition. */
  readonly rowPrefix?: string;
  readonly limit?: number;
}

/**
 * One Azure table of small JSON records. Failures of the service are
 * STATE_UNAVAILABLE (retryable); a record larger than a table property (32 K
 * characters) is a programming error and fails as such.
 */
export interface StateTable {
  insert(key: RecordKey, body: object): Promise<'inserted' | 'exists'>;
  put(key: RecordKey, body: object): Promise<void>;
  /** Writes records partition by partition, up to 100 in one transaction; the last of equal keys counts. */
  putAll(records: readonly WrittenRecord[]): Promise<void>;
  get(key: RecordKey): Promise<unknown>;
  remove(key: RecordKey): Promise<void>;
  /** All of a fold or nothing of it. The new etag; undefined when another has folded since the records were read. */
  fold(fold: Fold): Promise<string | undefined>;
  /** How many records there are, read by their keys only. */
  count(): Promise<number>;
  list(range: ListRange): AsyncIterable<StoredRecord>;
}

interface Entity {
  partitionKey: string;
  rowKey: string;
  body: string;
}

/**
 * Opens a table and creates it on first use.
 * @param storage connection string, or the URL of the table service (managed identity)
 */
export function openTable(storage: string, name: string): StateTable {
  const client = connect(storage, name);
  let created: Promise<void> | undefined;
  const ready = () => {
    created ??= client.createTable().catch((error) => {
      created = undefined;
      throw error;
    });
    return created;
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      await ready();
      return await work();
    } catch (error) {
      throw unavailable(name, error);
    }
  };
  return {
    insert: (key, body) => run(() => insert(client, key, body)),
    put: (key, body) =>
      run(async () => void (await client.upsertEntity(entity(key, body), 'Replace'))),
    putAll: (records) => run(() => putAll(client, records)),
    get: (key) => run(() => get(client, key)),
    remove: (key) => run(() => remove(client, key)),
    fold: (work) => run(() => fold(client, work)),
    count: () => run(() => count(client)),
    list: async function* (range) {
      await run(async () => undefined);
      yield* list(client, name, range);
    },
  };
}

/**
 * A part of a key. Letters, digits and `-._!:@+=` stay; any other character
 * becomes its code in hexadecimal between two `~`. Azure tables refuse some
 * characters, and white space and commas get lost on the way.
 */
export function keyPart(text: string): string {
  return text.replace(
    /[^A-Za-z0-9\-._!:@+=]/gu,
    (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`,
  );
}

function connect(storage: string, name: string): Client {
  if (!/^https?:/.test(storage)) {
    return TableClient.fromConnectionString(storage, name, { allowInsecureConnection: true });
  }
  return new TableClient(storage, name, new DefaultAzureCredential());
}

async function insert(
  client: Client,
  key: RecordKey,
  body: object,
): Promise<'inserted' | 'exists'> {
  try {
    await client.createEntity(entity(key, body));
    return 'inserted';
  } catch (error) {
    if (statusOf(error) === 409) return 'exists';
    throw error;
  }
}

/** Most operations that one transaction of a table takes. */
const transactionSize = 100;

async function putAll(client: Client, records: readonly WrittenRecord[]): Promise<void> {
  const byPartition = Map.groupBy(records, ({ key }) => key.partition);
  await Promise.all([...byPartition.values()].map((some) => putPartition(client, some)));
}

async function putPartition(client: Client, records: readonly WrittenRecord[]): Promise<void> {
  const byRow = new Map(records.map((record) => [record.key.row, record]));
  const actions = [...byRow.values()].map(
    ({ key, body }): TransactionAction => ['upsert', { ...entity(key, body) }, 'Replace'],
  );
  for (let start = 0; start < actions.length; start += transactionSize) {
    await client.submitTransaction(actions.slice(start, start + transactionSize));
  }
}

async function get(client: Client, key: RecordKey): Promise<unknown> {
  try {
    const found = await client.getEntity<Entity>(key.partition, key.row);
    return JSON.parse(found.body);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function remove(client: Client, key: RecordKey): Promise<void> {
  try {
    await client.deleteEntity(key.partition, key.row);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

async function fold(client: Client, { into, etag, removed }: Fold): Promise<string | undefined> {
  const whole = { ...entity(into.key, into.body) };
  const written: TransactionAction =
    etag === undefined ? ['create', whole] : ['update', whole, 'Replace', { etag }];
  const removals = removed.map(
    ({ partition, row }): TransactionAction => ['delete', { partitionKey: partition, rowKey: row }],
  );
  try {
    const answer = await client.submitTransaction([written, ...removals]);
    return answer.getResponseForEntity(into.key.row)?.etag;
  } catch (error) {
    if ([404, 409, 412].includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

async function count(client: Client): Promise<number> {
  let found = 0;
  const keys = client.listEntities({ queryOptions: { select: ['RowKey'] } });
  for await (const _ of keys) found += 1;
  return found;
}

async function* list(client: Client, name: string, range: ListRange): AsyncGenerator<StoredRecord> {
  const filter = filterOf(range);
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  try {
    for await (const found of client.listEntities<Entity>(
      filter === '' ? {} : { queryOptions: { filter } },
    )) {
      if (left-- <= 0) return;
      const key = { partition: found.partitionKey ?? '', row: found.rowKey ?? '' };
      const { etag, timestamp: writtenAt = '' } = found;
      yield { key, body: JSON.parse(found.body), etag, writtenAt };
    }
  } catch (error) {
    throw unavailable(name, error);
  }
}

function filterOf({ partition, rowPrefix }: ListRange): string {
  if (partition === undefined) return '';
  const inPartition = odata`PartitionKey eq ${partition}`;
  if (rowPrefix === undefined) return inPartition;
  // U+FFFF sorts after every character that a key holds.
  const rows = odata`RowKey ge ${rowPrefix} and RowKey lt ${`${rowPrefix}\uffff`}`;
  return `${inPartition} and ${rows}`;
}

const entity = (key: RecordKey, body: object): Entity => ({
  partitionKey: key.partition,
  rowKey: key.row,
  body: JSON.stringify(body).replace(lineSeparators, escaped),
});

/** JSON may hold them as they are; Azurite takes them for the end of a line, and refuses the batch. */
const lineSeparators = /[\u2028\u2029]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

const statusOf = (error: unknown): number | undefined =>
  error instanceof RestError ? error.statusCode : undefined;

function unavailable(table: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = statusOf(error);
  return new AppError('STATE_UNAVAILABLE', `table ${table} does not answer as expected`, {
    details: status === undefined ? { table } : { table, status },
    cause: error,
  });
}
