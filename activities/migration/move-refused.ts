import { scanResource } from '../../shared/bulk/index.ts';
import { inOrder, ordered, type TimedVersion } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { moveLine, recordMoves } from './moved-versions.ts';
import { carriedBy, loadRun } from './run.ts';
import { targetHistory } from './target-history.ts';

/**
 * A version that the target refused because its instant does not rise with its number among those
 * that came in earlier windows: it is moved into its place between them, as the inspection does
 * before an import. Undefined when its number is taken, when there is no room, or when order was
 * not the trouble.
 */
export async function moveRefused(
  deps: MigrationDependencies,
  migrationId: string,
  line: Buffer,
): Promise<Buffer | undefined> {
  const scan = scanResource(line);
  if (scan.kind !== 'resource' || scan.id === undefined) return undefined;
  const { versionId = null, lastUpdated = null } = scan;
  const own = ordered(versionId, lastUpdated);
  if (own === undefined || versionId === null || lastUpdated === null) return undefined;
  if (!carriedBy(await loadRun(deps.store, migrationId)).history) return undefined;
  const reference = `${scan.resourceType}/${scan.id}`;
  const at = placeAmong(await heldVersions(deps, reference), { ...own, pinned: false });
  if (at === undefined) return undefined;
  const change = { from: lastUpdated, to: new Date(at).toISOString() };
  const moved = moveLine(line, change);
  if (moved !== undefined) {
    await recordMoves(deps, migrationId, [{ reference, versionId, ...change }]);
  }
  return moved;
}

function placeAmong(held: readonly TimedVersion[], own: TimedVersion): number | undefined {
  if (held.length === 0 || held.some(({ version }) => version === own.version)) return undefined;
  const after = new Map(inOrder([...held, own]).map(({ version, at }) => [version, at]));
  const at = after.get(own.version);
  const stay = held.every((one) => after.get(one.version) === one.at);
  return stay && at !== own.at ? at : undefined;
}

async function heldVersions(
  deps: MigrationDependencies,
  reference: string,
): Promise<readonly TimedVersion[]> {
  const held = await targetHistory(deps, reference);
  return held.flatMap(({ versionId, lastUpdated }) => {
    const found = ordered(versionId, lastUpdated);
    return found === undefined ? [] : [{ ...found, pinned: true }];
  });
}
