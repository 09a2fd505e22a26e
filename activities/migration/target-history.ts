import { z } from 'zod';
import { scanResource } from '../../shared/bulk/index.ts';
import { createResourceScanner } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** A version that the target holds. */
export interface HeldVersion {
  readonly versionId: string | null;
  readonly lastUpdated: string | null;
  readonly isDeleted: boolean;
}

const history = z.object({
  entry: z
    .array(
      z.object({
        resource: z
          .object({
            meta: z.object({ versionId: z.string(), lastUpdated: z.string() }).optional(),
          })
          .optional(),
        request: z.object({ method: z.string() }).optional(),
        response: z
          .object({ etag: z.string().optional(), lastModified: z.string().optional() })
          .optional(),
      }),
    )
    .optional(),
});

/** What the target holds of a resource, tombstones included; the newest thousand. */
export async function targetHistory(
  { ends }: MigrationDependencies,
  reference: string,
): Promise<readonly HeldVersion[]> {
  const text = await ends.target.service.read(`${reference}/_history?_count=1000`);
  if (text === undefined) return [];
  const { entry = [] } = history.parse(JSON.parse(text));
  return entry.map(({ resource, request, response }) => ({
    versionId: resource?.meta?.versionId ?? /\d+/.exec(response?.etag ?? '')?.[0] ?? null,
    lastUpdated: resource?.meta?.lastUpdated ?? response?.lastModified ?? null,
    isDeleted: request?.method === 'DELETE',
  }));
}

/**
 * Does the target hold the version of this line, with its content? An instant that was moved is no
 * other content. A tombstone cannot be read by its version: it is looked for in the history.
 */
export async function targetHolds(deps: MigrationDependencies, line: Buffer): Promise<boolean> {
  const scan = scanResource(line);
  if (scan.kind !== 'resource' || scan.id === undefined || scan.versionId === undefined) {
    return false;
  }
  const { versionId } = scan;
  const reference = `${scan.resourceType}/${scan.id}`;
  const scanner = createResourceScanner();
  const { deleted, contentHash } = scanner.scan(line);
  if (deleted) {
    const held = await targetHistory(deps, reference);
    return held.some((one) => one.isDeleted && one.versionId === versionId);
  }
  const held = await deps.ends.target.service.read(`${reference}/_history/${versionId}`);
  return held !== undefined && scanner.scan(Buffer.from(held)).contentHash === contentHash;
}
