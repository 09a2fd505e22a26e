import type { TableMetadata } from '../../dataverse/index.ts';
import { standardKeys } from '../compile-root.ts';
import { columnMapsOf } from '../compile-row.ts';
import type { EntityMapFile, ExpansionMapFile } from '../map-language.ts';
import type { CheckProblem } from './check-pack.ts';

/** The columns that tell which version of which resource a row shows, and of which type it is. */
export function checkKeys(
  file: string,
  content: EntityMapFile,
  table: TableMetadata,
): readonly CheckProblem[] {
  const keys = content.keys ?? standardKeys;
  const pointer = content.keys === undefined ? '/table' : '/keys';
  const missing = Object.values(keys).flatMap((column): readonly CheckProblem[] =>
    table.columns.has(column)
      ? []
      : [
          {
            ...{ severity: 'error', file, pointer },
            problem: `${table.logicalName} has no column ${column} for the FHIR key`,
            remedy: 'Add it (infra/dataverse/tables.json), or name the columns in "keys"',
          },
        ],
  );
  return [...missing, ...checkDiscriminator(file, content, table)];
}

function checkDiscriminator(
  file: string,
  { discriminator }: EntityMapFile,
  table: TableMetadata,
): readonly CheckProblem[] {
  if (discriminator === undefined) return [];
  const options = table.columns.get(discriminator.column)?.options;
  if (options?.includes(discriminator.value)) return [];
  return [
    {
      ...{ severity: 'error', file, pointer: '/discriminator' },
      problem: `${table.logicalName}.${discriminator.column} has no option ${discriminator.value}`,
      remedy: 'Correct the column or the value',
    },
  ];
}

/** The lookup of child rows to their parents. */
export function checkParentLink(
  file: string,
  { parentLink, parent }: { readonly parentLink: string; readonly parent: string },
  table: TableMetadata,
): readonly CheckProblem[] {
  const targets = table.lookups.get(parentLink);
  if (targets?.has(parent)) return [];
  const problem =
    targets === undefined
      ? `${table.logicalName} has no lookup ${parentLink}`
      : `${parentLink} does not point to ${parent} but to ${[...targets.keys()].join(', ')}`;
  return [
    {
      ...{ severity: 'error', file, pointer: '/parentLink', problem },
      remedy: 'Correct the parent link, or add the lookup to the table',
    },
  ];
}

/** Columns that every table has and that Dataverse fills itself. */
const filledByDataverse = new Set(['ownerid', 'owneridtype', 'owningbusinessunit', 'statecode']);

/** Columns that the organisation calls required and that no attribute fills. */
export function checkRequiredColumns(
  file: string,
  content: EntityMapFile | ExpansionMapFile,
  table: TableMetadata,
): readonly CheckProblem[] {
  const written = new Set(columnMapsOf(content).map(({ column }) => column));
  if (content.expand === true) written.add(content.parentLink);
  else if (content.discriminator !== undefined) written.add(content.discriminator.column);
  return [...table.columns.values()].flatMap((column): readonly CheckProblem[] => {
    const { logicalName, required, validForCreate } = column;
    const filled = filledByDataverse.has(logicalName) || logicalName === table.primaryId;
    if (!required || !validForCreate || filled || written.has(logicalName)) return [];
    return [
      {
        ...{ severity: 'warning', file, pointer: '/attributes' },
        problem: `${table.logicalName}.${logicalName} is required and no attribute fills it`,
        remedy: 'Add an attribute for it, with a default where FHIR may lack the element',
      },
    ];
  });
}
