import type { TableMetadata } from '../../shared/dataverse/index.ts';
import type { WantedColumn } from './table-file.ts';

/** `AttributeType` values that fit a wanted type. */
const attributeTypes: Readonly<Record<WantedColumn['type'], readonly string[]>> = {
  string: ['String'],
  memo: ['Memo'],
  integer: ['Integer'],
  bigint: ['BigInt'],
  decimal: ['Decimal'],
  double: ['Double'],
  money: ['Money'],
  boolean: ['Boolean'],
  datetime: ['DateTime'],
  date: ['DateTime'],
  choice: ['Picklist', 'State', 'Status'],
  multichoice: ['Virtual', 'MultiSelectPicklist'],
  lookup: ['Lookup', 'Customer', 'Owner'],
  guid: ['Uniqueidentifier'],
};

interface Comparison {
  readonly name: string;
  readonly wanted: WantedColumn;
  readonly found: TableMetadata;
}

/** With several targets Dataverse puts the target behind the schema name. */
function navigationOf(
  { navigation, targets = [] }: WantedColumn,
  target: string,
): string | undefined {
  if (typeof navigation === 'string') {
    return targets.length > 1 ? `${navigation}_${target}` : navigation;
  }
  return navigation?.[target];
}

function lookupDifferences({ name, wanted, found }: Comparison): readonly string[] {
  const navigations = found.lookups.get(name);
  return (wanted.targets ?? []).flatMap((target) => {
    const property = navigations?.get(target);
    const expected = navigationOf(wanted, target);
    if (property === undefined) {
      return [`does not point at ${target}`];
    }
    const isOther = expected !== undefined && expected !== property;
    return isOther ? [`has the navigation property ${property}, not ${expected}`] : [];
  });
}

/** What a column that is there lacks; a column that can do more than wanted is fine. */
export function columnDifferences(comparison: Comparison): readonly string[] {
  const { name, wanted, found } = comparison;
  const column = found.columns.get(name);
  if (column === undefined) {
    return [];
  }
  if (!attributeTypes[wanted.type].includes(column.type)) {
    return [`is of type ${column.type}, not ${wanted.type}`];
  }
  const { maxLength, options } = column;
  const isShort =
    wanted.maxLength !== undefined && maxLength !== undefined && maxLength < wanted.maxLength;
  const missing = Object.keys(wanted.options ?? {}).filter(
    (value) => options !== undefined && !options.includes(Number(value)),
  );
  return [
    ...(isShort ? [`holds ${maxLength} characters, ${wanted.maxLength} are needed`] : []),
    ...(missing.length > 0 ? [`lacks the options ${missing.join(', ')}`] : []),
    ...(wanted.type === 'lookup' ? lookupDifferences(comparison) : []),
  ];
}
