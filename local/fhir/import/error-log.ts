import type { StorageAccount } from '../jobs/storage-account.ts';
import { blobUrl } from '../jobs/storage-account.ts';

export interface LineError {
  /** Number of the line inside its unit. */
  readonly line: number;
  readonly cause: string;
}

const defaultContainer = 'fhirlogs';

export interface ErrorFile {
  readonly container: string | null;
  readonly name: string;
  /** First byte of the unit in its file. */
  readonly offset: number;
}

/**
 * Writes the errors of a unit as one OperationOutcome a line and returns the URL.
 * A unit that runs again adds its lines to those it wrote before.
 */
export async function writeErrors(
  storage: StorageAccount,
  file: ErrorFile,
  errors: readonly LineError[],
): Promise<string> {
  const container = await storage.container(file.container ?? defaultContainer);
  const blob = container.getBlockBlobClient(file.name);
  const before = (await blob.exists()) ? await blob.downloadToBuffer() : Buffer.alloc(0);
  const lines = errors.map((error) => `${outcomeLine(error, file.offset)}\n`);
  const content = Buffer.concat([before, Buffer.from(lines.join(''))]);
  await blob.upload(content, content.length);
  return blobUrl(blob);
}

function outcomeLine({ line, cause }: LineError, offset: number): string {
  const diagnostics = `Failed to process resource at line: ${line} with stream start offset: ${offset}`;
  const issue = [{ severity: 'error', details: { text: cause }, diagnostics }];
  return JSON.stringify({ resourceType: 'OperationOutcome', issue });
}
