/** Where one record lives; the shape of the ledger's state tables. */
export interface MapRecordKey {
  readonly partition: string;
  readonly row: string;
}

/**
 * What the map store needs of a table of small JSON records (at most 32,768
 * characters each). The ledger's `StateTable` fits as it is.
 */
export interface MapStorage {
  /** Never overwrites: of two writers of one key, one learns that it lost. */
  insert(key: MapRecordKey, body: object): Promise<'inserted' | 'exists'>;
  get(key: MapRecordKey): Promise<unknown>;
  list(range: {
    readonly partition?: string;
    readonly rowPrefix?: string;
  }): AsyncIterable<{ readonly key: MapRecordKey; readonly body: unknown }>;
}

/**
 * A record holds less than a map may be long: long texts are cut into parts. A
 * part is JSON inside JSON, where each quote and backslash counts twice.
 */
const partLength = 16_000;

/** Writes a text as parts under a key that stands for this very text; repeating it changes nothing. */
export async function insertText(
  storage: MapStorage,
  key: MapRecordKey,
  text: string,
): Promise<number> {
  const count = Math.max(1, Math.ceil(text.length / partLength));
  await Promise.all(
    Array.from({ length: count }, (_, part) =>
      storage.insert(partKey(key, part), {
        text: text.slice(part * partLength, (part + 1) * partLength),
      }),
    ),
  );
  return count;
}

/** The text that was written in so many parts; undefined when one is missing. */
export async function readText(
  storage: MapStorage,
  key: MapRecordKey,
  count: number,
): Promise<string | undefined> {
  const bodies = await Promise.all(
    Array.from({ length: count }, (_, part) => storage.get(partKey(key, part))),
  );
  const parts = bodies.map(textOf);
  return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
}

const partKey = (key: MapRecordKey, part: number): MapRecordKey => ({
  ...key,
  row: `${key.row}.${part}`,
});

function textOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('text' in body)) return undefined;
  return typeof body.text === 'string' ? body.text : undefined;
}
