import type { MetadataObject } from './attribute-metadata.ts';
import { parseFilter } from './filter-parser.ts';
import type { Filter, Operand, Property } from './filter-tree.ts';
import { badQuery, unknownProperty } from './protocol-error.ts';
import type { QueryOptions } from './query-options.ts';
import { fold, matchesPattern } from './text-comparison.ts';

type Comparable = string | number | boolean | null;

function comparable(value: unknown): Comparable {
  if (typeof value === 'string') {
    return fold(value);
  }
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function member(object: MetadataObject, property: Property): unknown {
  const first = property.navigation ?? property.name;
  if (!(first in object)) {
    throw unknownProperty(first, 'MetadataBase');
  }
  const value = object[first];
  const isNested = property.navigation !== undefined && typeof value === 'object' && value !== null;
  return isNested ? Reflect.get(value, property.name) : value;
}

function operandValue(object: MetadataObject, operand: Operand): Comparable {
  if (operand.kind === 'property') {
    return comparable(member(object, operand));
  }
  return operand.literal.kind === 'null' ? null : comparable(operand.literal.value);
}

function compare(object: MetadataObject, filter: Filter & { kind: 'compare' }): boolean {
  const left = operandValue(object, filter.left);
  const right = operandValue(object, filter.right);
  switch (filter.operator) {
    case 'eq':
      return left === right;
    case 'ne':
      return left !== right;
    default: {
      if (left === null || right === null || typeof left !== typeof right) {
        return false;
      }
      const sign = left < right ? -1 : Number(left > right);
      return { gt: sign > 0, ge: sign >= 0, lt: sign < 0, le: sign <= 0 }[filter.operator];
    }
  }
}

function fits(object: MetadataObject, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.items.every((item) => fits(object, item));
    case 'or':
      return filter.items.some((item) => fits(object, item));
    case 'not':
      return !fits(object, filter.item);
    case 'compare':
      return compare(object, filter);
    case 'text': {
      const head = filter.test === 'startswith' ? '' : '%';
      const tail = filter.test === 'endswith' ? '' : '%';
      const value = String(member(object, filter.property) ?? '');
      return matchesPattern(value, `${head}${filter.text}${tail}`);
    }
    case 'list': {
      const value = fold(String(member(object, filter.property) ?? ''));
      const isIn = filter.values.some((one) => fold(one) === value);
      return filter.test === 'NotIn' ? !isIn : isIn;
    }
    case 'query':
    case 'lambda':
      throw badQuery('Query functions and any/all do not apply to metadata.');
  }
}

/** `Microsoft.Dynamics.CRM.AttributeTypeCode'Lookup'` is compared as its text. */
function plainEnums(filter: string): string {
  return filter.replace(/Microsoft\.Dynamics\.CRM\.\w+('[^']*')/g, '$1');
}

/** The objects that fit the `$filter`, at most `$top`. */
export function filterObjects(
  objects: readonly MetadataObject[],
  options: QueryOptions,
): readonly MetadataObject[] {
  const filter =
    options.filter === undefined
      ? undefined
      : parseFilter(plainEnums(options.filter), options.aliases);
  const found = filter === undefined ? objects : objects.filter((object) => fits(object, filter));
  return found.slice(0, options.top ?? found.length);
}

/** Members that come back only when expanded. */
const expandable = new Set(['OptionSet', 'GlobalOptionSet']);

/** The selected members; annotations and the metadata id always stay. Throws 400 for unknown ones. */
export function selectMembers(object: MetadataObject, options: QueryOptions): MetadataObject {
  const expanded = new Set(options.expand.map((item) => item.navigation));
  const { select } = options;
  const unknown = select?.find((name) => !(name in object));
  if (unknown !== undefined) {
    throw unknownProperty(unknown, 'MetadataBase');
  }
  const isKept = (name: string): boolean =>
    expandable.has(name)
      ? expanded.has(name)
      : select === undefined ||
        name === 'MetadataId' ||
        name.includes('@') ||
        select.includes(name);
  return Object.fromEntries(Object.entries(object).filter(([name]) => isKept(name)));
}
