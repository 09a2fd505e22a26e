import { checkSource } from './check-source.ts';
import type { Complain } from './map-file-problem.ts';
import type { MapFiles } from './map-files.ts';
import type { AttributeMap, ColumnMap, EntityMapFile } from './map-language.ts';
import type { Sources } from './map-source.ts';
import { parseConditions } from './path-conditions.ts';
import { asList } from './source-paths.ts';

/** Where an attribute stands, and what it may refer to. */
export interface ColumnPlace {
  readonly pointer: string;
  readonly selections: ReadonlySet<string>;
  /** False in expansion maps, which see one item and not the resource around it. */
  readonly wholeResource: boolean;
  readonly files: MapFiles;
  /** The root maps that may be in use beside this one, for a resource type. */
  readonly rootsOf: (resource: string) => readonly EntityMapFile[];
}

/** Checks the paths of one attribute map and the names and constants that it uses. */
export function checkColumn(attribute: AttributeMap, place: ColumnPlace, complain: Complain): void {
  // The items of an Expand are read from the node itself, where there are no selections.
  const selections = attribute.action === 'Expand' ? new Set<string>() : place.selections;
  if (attribute.source !== undefined) {
    checkSources(attribute.source, { ...place, selections }, complain);
  }
  if (attribute.action !== 'Expand' && attribute.when !== undefined) {
    checkWhen(attribute.when, place, complain);
  }
  switch (attribute.action) {
    case 'Copy Data':
      checkTextRules(attribute, place, complain);
      break;
    case 'Set Default Value':
      checkTextRules(attribute, place, complain);
      checkDefault(attribute, place, complain);
      break;
    case 'Mapped Value':
      checkValues(attribute, place, complain);
      break;
    case 'Lookup':
      checkTarget(attribute, place, complain);
      break;
  }
}

function checkSources(sources: Sources, place: ColumnPlace, complain: Complain): void {
  const { pointer } = place;
  if (Array.isArray(sources)) {
    sources.forEach((source, index) => {
      checkSource(source, { ...place, pointer: `${pointer}/source/${index}` }, complain);
    });
  } else {
    checkSource(sources, { ...place, pointer: `${pointer}/source` }, complain);
  }
}

function checkWhen(when: string, { pointer }: ColumnPlace, complain: Complain): void {
  const parsed = parseConditions(when);
  if (parsed.kind === 'refused') complain(`${pointer}/when`, parsed.problem, parsed.remedy);
}

function checkTextRules(
  attribute: Extract<ColumnMap, { action: 'Copy Data' | 'Set Default Value' }>,
  { pointer }: ColumnPlace,
  complain: Complain,
): void {
  const { type, join, onMisfit, maxLength, units } = attribute;
  if (units !== undefined && !['integer', 'decimal', 'double'].includes(type)) {
    complain(
      `${pointer}/units`,
      `units on a ${type} column`,
      'Use them on columns of numbers only',
    );
  }
  if (type !== 'string' && (join ?? maxLength) !== undefined) {
    complain(pointer, `join and maxLength on a ${type} column`, 'Use them on string columns only');
  }
  if (onMisfit === 'truncate' && (type !== 'string' || maxLength === undefined)) {
    complain(
      `${pointer}/onMisfit`,
      'truncate without a length',
      'Use it on string columns, with maxLength',
    );
  }
  if (onMisfit === 'round' && type !== 'integer') {
    complain(`${pointer}/onMisfit`, `round on a ${type} column`, 'Use it on integer columns only');
  }
}

const constantTypes = {
  string: 'string',
  integer: 'number',
  decimal: 'number',
  double: 'number',
  boolean: 'boolean',
  date: 'string',
  datetime: 'string',
  choice: 'number',
} as const;

function checkDefault(
  attribute: Extract<ColumnMap, { action: 'Set Default Value' }>,
  { pointer }: ColumnPlace,
  complain: Complain,
): void {
  const expected = constantTypes[attribute.type];
  if (typeof attribute.value !== expected) {
    complain(
      `${pointer}/value`,
      `a ${attribute.type} column takes a ${expected}`,
      'Correct the value',
    );
  }
  if (attribute.type === 'choice' && attribute.source !== undefined) {
    complain(
      `${pointer}/source`,
      'a choice column cannot copy a FHIR element',
      'Use the action Mapped Value with a default',
    );
  }
}

function checkValues(
  attribute: Extract<ColumnMap, { action: 'Mapped Value' }>,
  { pointer, files }: ColumnPlace,
  complain: Complain,
): void {
  const values = files.values.find(({ content }) => content.name === attribute.values);
  if (values === undefined) {
    complain(
      `${pointer}/values`,
      `there is no value map ${attribute.values}`,
      'Add it to the values folder or correct the name',
    );
    return;
  }
  const expected = constantTypes[attribute.type];
  const { rows, otherwise } = values.content;
  const options = [...rows.map((row) => row.dataverse), otherwise, attribute.default];
  const misfit = options.find((option) => (option ?? null) !== null && typeof option !== expected);
  if (misfit !== undefined) {
    complain(
      `${pointer}/values`,
      `${values.file} gives other than ${expected} values for a ${attribute.type} column`,
      'Correct the type of the column or the value map',
    );
  }
}

function checkTarget(
  attribute: Extract<ColumnMap, { action: 'Lookup' }>,
  { pointer, rootsOf }: ColumnPlace,
  complain: Complain,
): void {
  const tables = asList(attribute.table);
  for (const type of attribute.references) {
    const targets = rootsOf(type).map(({ table }) => table);
    if (targets.length === 0 || targets.some((target) => tables.includes(target))) continue;
    complain(
      `${pointer}/references`,
      `${type} goes to ${targets.join(', ')}, but the lookup points to ${tables.join(', ')}`,
      'Take that type out of the list or correct the table',
    );
    return;
  }
}
