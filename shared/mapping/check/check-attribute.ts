import type { ColumnMetadata, TableMetadata } from '../../dataverse/index.ts';
import type { MapFile } from '../map-files.ts';
import type { ColumnMap, ValueMapFile } from '../map-language.ts';
import { asList } from '../source-paths.ts';
import type { CheckProblem } from './check-pack.ts';

export interface AttributePlace {
  readonly file: string;
  readonly pointer: string;
  readonly table: TableMetadata;
  readonly values: readonly MapFile<ValueMapFile>[];
  /** The table of codeable concepts, if the organisation has it. */
  readonly concepts: TableMetadata | undefined;
}

/** `AttributeType` of the Web API that each type of a map may be written to. */
const columnTypes: Readonly<Record<ColumnMap['type'], readonly string[]>> = {
  string: ['String', 'Memo'],
  integer: ['Integer', 'BigInt'],
  decimal: ['Decimal', 'Double', 'Money'],
  double: ['Double', 'Decimal'],
  boolean: ['Boolean'],
  date: ['DateTime'],
  datetime: ['DateTime'],
  choice: ['Picklist', 'State', 'Status'],
  lookup: ['Lookup', 'Customer', 'Owner'],
};

/** Whether the target's column takes what the attribute writes. */
export function checkAttribute(
  attribute: ColumnMap,
  place: AttributePlace,
): readonly CheckProblem[] {
  const column = place.table.columns.get(attribute.column);
  if (column === undefined) {
    return [
      at(place, '/column', {
        problem: `${place.table.logicalName} has no column ${attribute.column}`,
        remedy: 'Correct the name, add the column, or disable the attribute',
      }),
    ];
  }
  if (!columnTypes[attribute.type].includes(column.type)) {
    return [
      at(place, '/type', {
        problem: `${attribute.column} is of type ${column.type}, not ${attribute.type}`,
        remedy: 'Correct the type of the attribute, or map to another column',
      }),
    ];
  }
  return [
    ...checkWritable(column, place),
    ...checkLength(attribute, column, place),
    ...checkOptions(attribute, column, place),
    ...checkTargets(attribute, place),
  ];
}

interface Text {
  readonly problem: string;
  readonly remedy: string;
}

function at(place: AttributePlace, below: string, text: Text): CheckProblem {
  return { severity: 'error', file: place.file, pointer: `${place.pointer}${below}`, ...text };
}

function checkWritable(column: ColumnMetadata, place: AttributePlace): readonly CheckProblem[] {
  if (column.validForCreate && column.validForUpdate) return [];
  const when = column.validForCreate ? 'update' : 'create';
  return [
    at(place, '/column', {
      problem: `${column.logicalName} cannot be written on ${when}`,
      remedy: 'Map to another column, or disable the attribute',
    }),
  ];
}

/** A length that the map does not know is found out by a refusal of Dataverse, row by row. */
function checkLength(
  attribute: ColumnMap,
  { maxLength }: ColumnMetadata,
  place: AttributePlace,
): readonly CheckProblem[] {
  const text = attribute.action === 'Copy Data' || attribute.action === 'Set Default Value';
  if (!text || attribute.type !== 'string' || maxLength === undefined) return [];
  if (attribute.maxLength !== undefined && attribute.maxLength <= maxLength) return [];
  const said = attribute.maxLength === undefined ? 'no length' : `${attribute.maxLength}`;
  return [
    at(place, attribute.maxLength === undefined ? '' : '/maxLength', {
      problem: `${attribute.column} takes ${maxLength} characters, the map says ${said}`,
      remedy: `Set "maxLength": ${maxLength}, or widen the column`,
    }),
  ];
}

function checkOptions(
  attribute: ColumnMap,
  { options }: ColumnMetadata,
  place: AttributePlace,
): readonly CheckProblem[] {
  if (attribute.type !== 'choice' || options === undefined) return [];
  const isUnknown = (value: unknown): boolean =>
    typeof value === 'number' && !options.includes(value);
  const unknown = (file: string, pointer: string, value: unknown): readonly CheckProblem[] =>
    isUnknown(value)
      ? [
          {
            severity: 'error',
            file,
            pointer,
            problem: `${place.table.logicalName}.${attribute.column} has no option ${String(value)}`,
            remedy: 'Use an option of the column, or add the option to it',
          },
        ]
      : [];
  if (attribute.action === 'Set Default Value') {
    return unknown(place.file, `${place.pointer}/value`, attribute.value);
  }
  if (attribute.action !== 'Mapped Value') return [];
  const values = place.values.find(({ content }) => content.name === attribute.values);
  const { file = '', content } = values ?? {};
  return [
    ...unknown(place.file, `${place.pointer}/default`, attribute.default),
    ...unknown(file, '/otherwise', content?.otherwise),
    ...(content?.rows ?? []).flatMap((row, index) =>
      unknown(file, `/rows/${index}/dataverse`, row.dataverse),
    ),
  ];
}

function checkTargets(attribute: ColumnMap, place: AttributePlace): readonly CheckProblem[] {
  if (attribute.action === 'Lookup') {
    return asList(attribute.table).flatMap((target) => noTarget(attribute.column, target, place));
  }
  if (attribute.action !== 'Lookup Codeable Concept') return [];
  const types = place.concepts?.columns.get('msemr_type')?.options;
  const known = types === undefined || types.includes(attribute.conceptType);
  return [
    ...noTarget(attribute.column, 'msemr_codeableconcept', place),
    ...(known
      ? []
      : [
          at(place, '/conceptType', {
            problem: `msemr_codeableconcept.msemr_type has no option ${attribute.conceptType}`,
            remedy: 'Use an option of the column, or add the option to it',
          }),
        ]),
  ];
}

function noTarget(column: string, target: string, place: AttributePlace): readonly CheckProblem[] {
  const targets = place.table.lookups.get(column);
  if (targets === undefined || targets.has(target)) return [];
  return [
    at(place, '/table', {
      problem: `${column} does not point to ${target} but to ${[...targets.keys()].join(', ')}`,
      remedy: 'Correct the table, or map to another column',
    }),
  ];
}
