import type { StorageAccount } from '../jobs/storage-account.ts';
import { badRequest } from '../outcome.ts';
import type { ImportInput, ImportRequest, ImportUnit } from './import-definition.ts';

const checksAtOnce = 16;

/** Checks that every input is there and unchanged, and cuts it into units. Throws 400 for the first that is not. */
export async function planUnits(
  storage: StorageAccount,
  { input, unitBytes }: ImportRequest,
  abortSignal: AbortSignal,
): Promise<readonly ImportUnit[]> {
  const units: ImportUnit[] = [];
  for (let start = 0; start < input.length; start += checksAtOnce) {
    const some = input.slice(start, start + checksAtOnce);
    const lengths = await Promise.all(
      some.map((item) => checkedLength(storage, item, abortSignal)),
    );
    some.forEach(({ type, url }, index) => {
      // An empty file is a unit too, so that it is reported.
      const count = Math.max(1, Math.ceil((lengths[index] ?? 0) / unitBytes));
      for (let unit = 0; unit < count; unit += 1) {
        units.push({ type, url, offset: unit * unitBytes });
      }
    });
  }
  return units;
}

async function checkedLength(
  storage: StorageAccount,
  { url, etag }: ImportInput,
  abortSignal: AbortSignal,
): Promise<number> {
  const properties = await storage
    .blobAt(url)
    .getProperties({ abortSignal })
    .catch(() => undefined);
  if (properties === undefined) throw badRequest(`Failed to access input files. ${url}`);
  // Some callers keep the quotes of the header, some do not.
  if (etag !== null && unquoted(etag) !== unquoted(properties.etag ?? '')) {
    throw badRequest(`Input file Etag not match. ${url}`);
  }
  return properties.contentLength ?? 0;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}
