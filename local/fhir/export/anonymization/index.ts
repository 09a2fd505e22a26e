import type { StorageAccount } from '../../jobs/storage-account.ts';
import { parseStored } from '../../json.ts';
import { badRequest } from '../../outcome.ts';
import { anonymize } from './anonymize.ts';
import { parseConfig } from './rules.ts';

const container = 'anonymization';
const maximumBytes = 1024 * 1024;

/**
 * Reads a configuration from the container `anonymization` and returns what
 * turns resource text into anonymized text. Throws 400 when there is none, it is
 * not the one of the etag, or it asks for what is not supported.
 */
export async function createAnonymizer(
  storage: StorageAccount,
  { config, etag }: { readonly config: string; readonly etag: string | null },
): Promise<(body: string) => string> {
  const blob = storage.existing(container).getBlobClient(config);
  const properties = await blob.getProperties().catch(() => undefined);
  if (properties === undefined) {
    throw badRequest(`Anonymization configuration '${config}' not found. `);
  }
  if (etag !== null && etag.replaceAll('"', '') !== properties.etag?.replaceAll('"', '')) {
    throw badRequest(`The etag of the anonymization configuration '${config}' is another one.`);
  }
  if ((properties.contentLength ?? 0) > maximumBytes) {
    throw badRequest('Anonymization configuration is too large > 1MB.');
  }
  const parsed = parseConfig((await blob.downloadToBuffer()).toString('utf8'), config);
  return (body) => JSON.stringify(anonymize(parseStored(body), parsed));
}
