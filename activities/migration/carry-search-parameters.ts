import { z } from 'zod';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { NextMoveInput } from './next-move.ts';

export interface CarriedSearchParameters {
  readonly kind: 'carried';
  readonly written: number;
}

const searchParameter = z.looseObject({
  resourceType: z.literal('SearchParameter'),
  id: z.string(),
  url: z.string(),
});

/**
 * Writes the custom search parameters of the source into the target before anything is loaded:
 * values are then indexed as they come in, and no full reindex is needed (facts/migration.md §2.4).
 * Import refuses this type. Those that are there already under the same URL are left alone.
 */
export function createCarrySearchParameters({ ends }: MigrationDependencies) {
  return async (_input: NextMoveInput): Promise<CarriedSearchParameters | Blocked> => {
    const present = new Set<string>();
    for await (const found of ends.target.service.search('SearchParameter')) {
      if (typeof found['url'] === 'string') present.add(found['url']);
    }
    let written = 0;
    for await (const found of ends.source.service.search('SearchParameter')) {
      const parsed = searchParameter.safeParse(found);
      if (!parsed.success) return blocked('A SearchParameter of the source has no id or url.');
      if (present.has(parsed.data.url)) continue;
      const { id } = parsed.data;
      await ends.target.service.put(`SearchParameter/${id}`, JSON.stringify(parsed.data));
      written += 1;
    }
    return { kind: 'carried', written };
  };
}
