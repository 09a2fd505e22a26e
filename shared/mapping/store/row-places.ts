import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import type { ChildPlace, RootPlace } from '../map-pack.ts';
import type { MapStorage } from './storage.ts';

const childSchema: z.ZodType<ChildPlace> = z.object({
  name: z.string(),
  table: z.string(),
  parentColumn: z.string(),
  get expansions() {
    return z.array(childSchema);
  },
});

const placeSchema = z.object({
  name: z.string(),
  resourceType: z.string(),
  table: z.string(),
  idColumn: z.string(),
  versionColumn: z.string(),
  discriminator: z.object({ column: z.string(), value: z.number() }).optional(),
  patientColumn: z.string().optional(),
  expansions: z.array(childSchema),
});

/**
 * Records where root maps put rows, before any work can begin with them. Places
 * are added and never removed: rows outlive the use of their map. Repeating it
 * changes nothing.
 */
export async function recordPlaces(
  storage: MapStorage,
  roots: readonly RootPlace[],
): Promise<void> {
  await Promise.all(
    roots.map((root) => {
      const place = placeOf(root);
      return storage.insert({ partition, row: keyOf(place) }, place);
    }),
  );
}

/** Every place that was ever recorded, always in the same order. */
export async function recordedPlaces(storage: MapStorage): Promise<readonly RootPlace[]> {
  const found = new Map<string, RootPlace>();
  for await (const { key, body } of storage.list({ partition })) {
    found.set(key.row, parse(body, key.row));
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, place]) => place);
}

const partition = 'place';

function placeOf(root: RootPlace): RootPlace {
  const { name, resourceType, table, idColumn, versionColumn } = root;
  const { discriminator, patientColumn, expansions } = root;
  return {
    ...{ name, resourceType, table, idColumn, versionColumn },
    ...(discriminator === undefined ? {} : { discriminator }),
    ...(patientColumn === undefined ? {} : { patientColumn }),
    expansions: expansions.map(childOf),
  };
}

function childOf({ name, table, parentColumn, expansions }: ChildPlace): ChildPlace {
  return { name, table, parentColumn, expansions: expansions.map(childOf) };
}

/** The type comes first, so that a list reads well; the rest tells places of one type apart. */
function keyOf(place: RootPlace): string {
  const digest = createHash('sha256').update(JSON.stringify(place)).digest('hex').slice(0, 32);
  return `${place.resourceType}.${digest}`;
}

function parse(body: unknown, row: string): RootPlace {
  const parsed = placeSchema.safeParse(body);
  if (!parsed.success) {
    throw new AppError('INTERNAL', `place ${row} in the map store cannot be read`, {
      details: { row },
    });
  }
  return withoutUndefined(parsed.data);
}

function withoutUndefined({
  discriminator,
  patientColumn,
  ...place
}: z.infer<typeof placeSchema>): RootPlace {
  return {
    ...place,
    ...(discriminator === undefined ? {} : { discriminator }),
    ...(patientColumn === undefined ? {} : { patientColumn }),
  };
}
