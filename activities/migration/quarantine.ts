import { scanResource } from '../../shared/bulk/index.ts';
import type { QuarantinedVersion } from '../../shared/migration/index.ts';
import { windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** A line that cannot be moved as it is. */
export interface QuarantinedLine {
  readonly bytes: Buffer;
  /** `Type/id`, as far as it can be told. */
  readonly reference: string;
  readonly versionId: string | null;
  readonly cause: string;
}

export interface QuarantineRequest {
  readonly migrationId: string;
  readonly window: number;
  /** Unique in the window and the same when the step runs again: it names blob and records. */
  readonly step: string;
  readonly lines: readonly QuarantinedLine[];
}

export const quarantineContainer = (migrationId: string): string => `fds-${migrationId}-quarantine`;

/** What a person can do about each cause. */
const remedies: Readonly<Record<string, string>> = {
  unreadable: 'The line is no FHIR JSON. Look at the resource on the source and write it again.',
  'invalid-id':
    'The id is not of the form [A-Za-z0-9-.]{1,64}. Write the resource under another id.',
  'decimal-too-long': 'A number has more than 18 digits. Shorten it on the source.',
  'too-large': 'The resource is larger than the target takes. Split it on the source.',
  'version-conflict':
    'The target holds another version under this number or instant. Compare the two and write the right one.',
  'future-date': 'The version is dated in the future. Check the clock of the source and replay.',
  refused: 'The target refuses this resource, alone and after all others. Mend it, then replay.',
  'import-failed':
    'The import fails as a whole with this line in it. Look at the resource, then replay.',
};
const otherwise = 'Look at the line, mend its cause and replay.';

/**
 * Keeps lines that could not be moved: the bytes in the blob account, next to everything else that
 * is moved, and a record with cause and remedy. Running it again replaces what it wrote.
 */
export async function quarantine(
  { blobs, store, now }: MigrationDependencies,
  { migrationId, window, step, lines }: QuarantineRequest,
): Promise<void> {
  if (lines.length === 0) return;
  const container = quarantineContainer(migrationId);
  const lineFeed = Buffer.from('\n');
  await blobs.ensureContainer(container);
  const { url } = await blobs.write(
    container,
    `${windowName(window)}/${step}.ndjson`,
    Buffer.concat(lines.flatMap(({ bytes }) => [bytes, lineFeed])),
  );
  const at = now().toISOString();
  let offset = 0;
  const records = lines.map(({ bytes, reference, versionId, cause }) => {
    const record: QuarantinedVersion = {
      window,
      reference,
      versionId,
      lastUpdated: lastUpdatedOf(bytes),
      cause,
      remedy: remedies[cause] ?? otherwise,
      file: url,
      offset,
      bytes: bytes.length,
      at,
    };
    offset += bytes.length + 1;
    return { partition: migrationId, row: quarantineRow(record), record };
  });
  await store.quarantine.putAll(records);
}

function lastUpdatedOf(line: Buffer): string | null {
  const scan = scanResource(line);
  return scan.kind === 'resource' ? (scan.lastUpdated ?? null) : null;
}

/** Key of a record, by the place of its line: it can be told from the record alone. */
export function quarantineRow({
  window,
  file,
  offset,
}: Pick<QuarantinedVersion, 'window' | 'file' | 'offset'>): string {
  const step =
    decodeURIComponent(file)
      .split('/')
      .at(-1)
      ?.replace(/\.ndjson$/, '') ?? '';
  return `${windowName(window)}!${step}!${String(offset).padStart(12, '0')}`;
}

/** `Type/id/version` of everything that is in quarantine. */
export async function quarantinedKeys(
  { store }: MigrationDependencies,
  migrationId: string,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const { reference, versionId } of store.quarantine.each(migrationId)) {
    keys.add(`${reference}/${versionId ?? ''}`);
  }
  return keys;
}
