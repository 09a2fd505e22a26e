import { z } from 'zod';
import type { GridEvent } from './event.ts';

const text = z.object({ key: z.string().min(1), values: z.array(z.string()).min(1).max(25) });
const numbers = z.object({ key: z.string().min(1), values: z.array(z.number()).min(1).max(25) });
const number = z.object({ key: z.string().min(1), value: z.number() });
const key = z.object({ key: z.string().min(1) });

const textOperators = [
  'StringIn',
  'StringNotIn',
  'StringBeginsWith',
  'StringNotBeginsWith',
  'StringEndsWith',
  'StringNotEndsWith',
  'StringContains',
  'StringNotContains',
] as const;
const comparisons = [
  'NumberLessThan',
  'NumberLessThanOrEquals',
  'NumberGreaterThan',
  'NumberGreaterThanOrEquals',
] as const;

const advancedFilter = z.union([
  text.extend({ operatorType: z.enum(textOperators) }),
  numbers.extend({ operatorType: z.enum(['NumberIn', 'NumberNotIn']) }),
  number.extend({ operatorType: z.enum(comparisons) }),
  key.extend({ operatorType: z.literal('BoolEquals'), value: z.boolean() }),
  key.extend({ operatorType: z.enum(['IsNullOrUndefined', 'IsNotNull']) }),
]);

type AdvancedFilter = z.infer<typeof advancedFilter>;

/** All values of all advanced filters together (facts B2; knowledge, not read in a page). */
const maximumValues = 25;

function valueCount(filters: readonly AdvancedFilter[]): number {
  return filters.reduce((sum, filter) => sum + ('values' in filter ? filter.values.length : 1), 0);
}

export const filterBody = z.object({
  includedEventTypes: z.array(z.string()).nullish(),
  subjectBeginsWith: z.string().nullish(),
  subjectEndsWith: z.string().nullish(),
  isSubjectCaseSensitive: z.boolean().default(false),
  advancedFilters: z
    .array(advancedFilter)
    .max(25, 'at most 25 advanced filters')
    .refine((filters) => valueCount(filters) <= maximumValues, 'at most 25 values in all filters')
    .nullish(),
});

export type EventFilter = z.infer<typeof filterBody>;

type Test = (event: GridEvent) => boolean;

/** One test out of all filters of a subscription: filters are ANDed, values within one are ORed (facts B2). */
export function compileFilter(filter: EventFilter): Test {
  const tests = [
    ...eventTypeTest(filter.includedEventTypes ?? []),
    ...subjectTests(filter),
    ...(filter.advancedFilters ?? []).map(advancedTest),
  ];
  return (event) => tests.every((test) => test(event));
}

function eventTypeTest(included: readonly string[]): Test[] {
  if (included.length === 0 || included.includes('All')) return [];
  const wanted = new Set(included.map(fold));
  return [(event) => wanted.has(fold(event.eventType))];
}

function subjectTests(filter: EventFilter): Test[] {
  const compared = filter.isSubjectCaseSensitive ? (value: string) => value : fold;
  const begin = compared(filter.subjectBeginsWith ?? '');
  const end = compared(filter.subjectEndsWith ?? '');
  if (begin === '' && end === '') return [];
  return [({ subject }) => compared(subject).startsWith(begin) && compared(subject).endsWith(end)];
}

/** A key that the event does not have fails every operator but the negative ones and IsNullOrUndefined. */
function advancedTest(filter: AdvancedFilter): Test {
  const read = reader(filter.key);
  switch (filter.operatorType) {
    case 'IsNullOrUndefined':
      return (event) => read(event) === undefined;
    case 'IsNotNull':
      return (event) => read(event) !== undefined;
    case 'BoolEquals':
      return (event) => read(event) === filter.value;
    case 'NumberIn':
      return (event) => filter.values.some((value) => value === read(event));
    case 'NumberNotIn':
      return (event) => filter.values.every((value) => value !== read(event));
    case 'NumberLessThan':
    case 'NumberLessThanOrEquals':
    case 'NumberGreaterThan':
    case 'NumberGreaterThanOrEquals':
      return numberTest(read, filter.operatorType, filter.value);
    default:
      return textTest(read, filter.operatorType, filter.values.map(fold));
  }
}

type Reader = (event: GridEvent) => unknown;

function numberTest(read: Reader, operator: (typeof comparisons)[number], limit: number): Test {
  const compare = {
    NumberLessThan: (value: number) => value < limit,
    NumberLessThanOrEquals: (value: number) => value <= limit,
    NumberGreaterThan: (value: number) => value > limit,
    NumberGreaterThanOrEquals: (value: number) => value >= limit,
  }[operator];
  return (event) => {
    const value = read(event);
    return typeof value === 'number' && compare(value);
  };
}

function textTest(
  read: Reader,
  operator: (typeof textOperators)[number],
  wanted: readonly string[],
): Test {
  const negative = operator.startsWith('StringNot');
  const compare = textComparison(operator);
  return (event) => {
    const value = read(event);
    if (typeof value !== 'string') return negative;
    const folded = fold(value);
    return wanted.some((one) => compare(folded, one)) !== negative;
  };
}

function textComparison(operator: string): (value: string, wanted: string) => boolean {
  if (operator.endsWith('BeginsWith')) return (value, wanted) => value.startsWith(wanted);
  if (operator.endsWith('EndsWith')) return (value, wanted) => value.endsWith(wanted);
  if (operator.endsWith('Contains')) return (value, wanted) => value.includes(wanted);
  return (value, wanted) => value === wanted;
}

/** Keys are attribute names of either schema, or a path into `data` (`data.resourceType`). */
function reader(path: string): Reader {
  const [root = '', ...rest] = path.split('.');
  switch (root.toLowerCase()) {
    case 'id':
      return (event) => event.id;
    case 'topic':
    case 'source':
      return (event) => event.topic;
    case 'subject':
      return (event) => event.subject;
    case 'eventtype':
    case 'type':
      return (event) => event.eventType;
    case 'dataversion':
      return (event) => event.dataVersion;
    case 'data':
      return (event) => rest.reduce(property, event.data) ?? undefined;
    default:
      return (event) => event.extensions?.[root] ?? undefined;
  }
}

function property(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null) return undefined;
  return Reflect.get(from, name);
}

function fold(value: string): string {
  return value.toLowerCase();
}
