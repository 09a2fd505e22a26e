import type { TableMetadata } from '../../dataverse/index.ts';
import { standardKeys } from '../compile-root.ts';
import { columnMapsOf } from '../compile-row.ts';
import type { EntityMapFile, ExpansionMapFile } from '../map-language.ts';
import type { CheckProblem } from './check-pack.ts';

interface KeyedMap {
  readonly file: string;
  readonly pointer: string;
  readonly table: TableMetadata;
  /** The columns that tell the rows of the map apart. */
  readonly identity: readonly string[];
}

/** The alternate keys of a root's table: of its FHIR id, alone or with the discriminator. */
export function checkRootKeys(
  file: string,
  { keys, discriminator }: EntityMapFile,
  table: TableMetadata,
): readonly CheckProblem[] {
  const { id } = keys ?? standardKeys;
  const identity = discriminator === undefined ? [id] : [id, discriminator.column];
  return checkKeysOf({ file, pointer: keys === undefined ? '/table' : '/keys', table, identity });
}

/** The alternate keys of a child table: of the parent link and the matching columns. */
export function checkMatchingKeys(
  file: string,
  content: ExpansionMapFile,
  table: TableMetadata,
): readonly CheckProblem[] {
  const matching = columnMapsOf(content).flatMap((attribute) =>
    attribute.matching === true ? [attribute.column] : [],
  );
  const identity = [content.parentLink, ...matching];
  return checkKeysOf({ file, pointer: '/attributes', table, identity });
}

/**
 * Rows are found and made without alternate keys (docs/decisions/0001), so none is
 * needed. But one that is there has to be in force, or nobody knows what it will
 * refuse, and must not refuse rows that the map tells apart.
 */
function checkKeysOf({ file, pointer, table, identity }: KeyedMap): readonly CheckProblem[] {
  const within = table.keys.filter(({ columns }) =>
    columns.every((column) => identity.includes(column)),
  );
  return within.flatMap(({ name, columns, active }): readonly CheckProblem[] => {
    const place = { file, pointer };
    const key = `the alternate key ${name} of ${table.logicalName}`;
    if (!active) {
      const remedy = 'Wait until its index is built, activate it again, or delete it';
      return [{ severity: 'warning', ...place, problem: `${key} is not active`, remedy }];
    }
    const missing = identity.filter((column) => !columns.includes(column));
    if (missing.length === 0) return [];
    return [
      {
        severity: 'error',
        ...place,
        problem: `${key} refuses rows that differ in ${missing.join(', ')} only`,
        remedy: `Add ${missing.join(', ')} to the key, or delete it; the sync needs no key`,
      },
    ];
  });
}
