/** Where one record lives; the shape of the ledger's state tables. */
export interface MapRecordKey {
  readonly partition: string;
  readonly row: string;
}

/**
 * What the map store needs of a table of small JSON records (at most 32,000
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

/** Keys of Azure tables refuse `/ \\ # ?` and control characters. */
export function storageKey(text: string): string {
  return encodeURIComponent(text).replaceAll('%', '~');
}

/** A record holds less than a map may be long: long texts are cut into parts. */
const partLength = 24_000;

/** Writes a text as parts under a prefix that nobody else uses; repeating it changes nothing. */
export async function insertText(
  storage: MapStorage,
  key: MapRecordKey,
  text: string,
): Promise<number> {
  const parts = Math.max(1, Math.ceil(text.length / partLength));
  for (let part = 0; part < parts; part += 1) {
    const body = { text: text.slice(part * partLength, (part + 1) * partLength) };
    await storage.insert({ ...key, row: `${key.row}.${part}` }, body);
  }
  return parts;
}

/** The text that was written in so many parts; undefined when one is missing. */
export async function readText(
  storage: MapStorage,
  key: MapRecordKey,
  parts: number,
): Promise<string | undefined> {
  let text = '';
  for (let part = 0; part < parts; part += 1) {
    const body = await storage.get({ ...key, row: `${key.row}.${part}` });
    if (typeof body !== 'object' || body === null || !('text' in body)) return undefined;
    text += String(body.text);
  }
  return text;
}
