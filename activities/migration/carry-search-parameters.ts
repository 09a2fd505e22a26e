import { z } from 'zod';
import { createResourceScanner } from '../../shared/proof/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies, MigrationEnd } from './dependencies.ts';
import type { NextMoveInput } from './next-move.ts';

export interface CarriedSearchParameters {
  readonly kind: 'carried';
  readonly written: number;
}

/**
 * Writes the custom search parameters of the source into the target before anything is loaded:
 * values are then indexed as they come in, and no full reindex is needed (facts/migration.md §2.4).
 */
export function createCarrySearchParameters(deps: MigrationDependencies) {
  return async (_input: NextMoveInput): Promise<CarriedSearchParameters | Blocked> => {
    const brought = await bringSearchParameters(deps);
    if (brought.kind === 'unfit') return blocked(brought.reason);
    return { kind: 'carried', written: brought.written };
  };
}

export type Brought =
  | { readonly kind: 'brought'; readonly written: number }
  | { readonly kind: 'unfit'; readonly reason: string };

/** A search parameter is known by its URL; its id and its version are each service's own. */
export interface KnownParameter {
  readonly id: string;
  readonly url: string;
  /** Of its content without id and version. */
  readonly contentHash: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Puts the search parameters of the source that the target lacks or holds with other content,
 * under the id that the target knows their URL by. Those of the target alone are left alone.
 */
export async function bringSearchParameters({ ends }: MigrationDependencies): Promise<Brought> {
  const held = await knownParameters(ends.target);
  const wanted = await knownParameters(ends.source);
  if (held === undefined || wanted === undefined) {
    return { kind: 'unfit', reason: 'A SearchParameter has no id or url. Mend it or delete it.' };
  }
  let written = 0;
  for (const { id, url, contentHash, json } of wanted.values()) {
    const present = held.get(url);
    if (present?.contentHash === contentHash) continue;
    const at = present?.id ?? id;
    await ends.target.service.put(`SearchParameter/${at}`, JSON.stringify({ ...json, id: at }));
    written += 1;
  }
  return { kind: 'brought', written };
}

const searchParameter = z.looseObject({
  resourceType: z.literal('SearchParameter'),
  id: z.string(),
  url: z.string(),
});

/** The search parameters of a service by URL, the first where there are two; undefined when one has none. */
export async function knownParameters({
  service,
}: MigrationEnd): Promise<ReadonlyMap<string, KnownParameter> | undefined> {
  const found = new Map<string, KnownParameter>();
  const scanner = createResourceScanner();
  for await (const resource of service.search('SearchParameter')) {
    const parsed = searchParameter.safeParse(resource);
    if (!parsed.success) return undefined;
    const { id, url, meta: _, ...content } = parsed.data;
    const line = Buffer.from(JSON.stringify({ ...content, url, id: 'same' }));
    const { contentHash } = scanner.scan(line);
    if (!found.has(url)) found.set(url, { id, url, contentHash, json: parsed.data });
  }
  return found;
}
