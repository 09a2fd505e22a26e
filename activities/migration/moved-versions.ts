import { scanResource } from '../../shared/bulk/index.ts';
import { inside, type RepairRecord, withLastUpdated } from '../../shared/migration/index.ts';
import { createResourceScanner } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** `Type/id/version` of every version whose lastUpdated was moved, with the instant it has in the target. */
export type MovedVersions = ReadonlyMap<string, string>;

const partitionOf = (migrationId: string): string => inside(migrationId, 'moved');

export async function movedVersions(
  { store }: MigrationDependencies,
  migrationId: string,
): Promise<MovedVersions> {
  const moved = new Map<string, string>();
  for await (const { reference, versionId, lastUpdated } of store.repairs.each(
    partitionOf(migrationId),
  )) {
    if (lastUpdated !== undefined) moved.set(`${reference}/${versionId ?? ''}`, lastUpdated);
  }
  return moved;
}

export interface Move {
  readonly reference: string;
  readonly versionId: string;
  /** lastUpdated of the source. */
  readonly from: string;
  readonly to: string;
}

/** Lists moves among the repairs of a migration, and by themselves, where staging and proof look them up. */
export async function recordMoves(
  { store, now }: MigrationDependencies,
  migrationId: string,
  moves: readonly Move[],
): Promise<void> {
  const at = now().toISOString();
  const records = moves.flatMap(({ reference, versionId, from, to }) => {
    const movedBy = Date.parse(to) - Date.parse(from);
    const record: RepairRecord = {
      kind: 'moved-last-updated',
      reference,
      versionId,
      detail: `lastUpdated moved by ${movedBy} ms: the target takes versions in the order of their instants only`,
      lastUpdated: to,
      movedBy,
      at,
    };
    return [migrationId, partitionOf(migrationId)].map((partition) => ({
      partition,
      row: `moved!${reference}!${versionId}`,
      record,
    }));
  });
  if (records.length > 0) await store.repairs.putAll(records);
}

/** The line with another lastUpdated and nothing else changed; undefined when that cannot be done. */
export function moveLine(
  line: Buffer,
  change: { readonly from: string; readonly to: string },
): Buffer | undefined {
  const scanner = createResourceScanner();
  const { contentHash } = scanner.scan(line);
  return withLastUpdated(line, change, (candidate) => {
    const scan = scanResource(candidate);
    return (
      scan.kind === 'resource' &&
      scan.lastUpdated === change.to &&
      scanner.scan(candidate).contentHash === contentHash
    );
  });
}
