import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

interface Thing {
  readonly new_name: string | null;
  readonly new_note: string | null;
  readonly new_count: number | null;
  readonly new_done: boolean | null;
  readonly new_day: string | null;
}

/** A condition with its text and what it means, said without the product's code. */
interface Condition {
  readonly text: string;
  readonly fits: (row: Thing) => boolean;
}

const letters = fc.string({
  unit: fc.constantFrom('a', 'B', 'b', "'", ' ', 'é', 'É'),
  minLength: 1,
  maxLength: 3,
});
const day = fc.integer({ min: 1, max: 9 }).map((number) => `2024-01-0${number}`);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 3 });
const rowArbitrary: fc.Arbitrary<Thing> = fc.record({
  new_name: fc.constant(null),
  new_note: optional(letters.filter((text) => text.trim() !== '')),
  new_count: optional(fc.integer({ min: -3, max: 3 })),
  new_done: optional(fc.boolean()),
  new_day: optional(day),
});

const literal = (value: string) => `'${value.replaceAll("'", "''")}'`;
const lower = (value: string | null) => value?.toLowerCase();

function ordered<T>(operator: string, left: T | null, right: T): boolean {
  if (operator === 'eq') return left === right;
  if (operator === 'ne') return left !== right;
  if (left === null || left === undefined) return false;
  return (
    { gt: left > right, ge: left >= right, lt: left < right, le: left <= right }[operator] ?? false
  );
}

const operators = fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le');
const simple: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(operators, letters).map(([operator, value]) => ({
    text: `new_note ${operator} ${literal(value)}`,
    fits: (row: Thing) => ordered(operator, lower(row.new_note) ?? null, value.toLowerCase()),
  })),
  fc.tuple(operators, fc.integer({ min: -3, max: 3 })).map(([operator, value]) => ({
    text: `new_count ${operator} ${value}`,
    fits: (row: Thing) => ordered(operator, row.new_count, value),
  })),
  fc.tuple(operators, day).map(([operator, value]) => ({
    text: `new_day ${operator} ${value}`,
    fits: (row: Thing) => ordered(operator, row.new_day, value),
  })),
  fc.tuple(fc.constantFrom('eq', 'ne'), fc.boolean()).map(([operator, value]) => ({
    text: `new_done ${operator} ${value}`,
    fits: (row: Thing) => ordered(operator, row.new_done, value),
  })),
  fc
    .tuple(
      fc.constantFrom('eq', 'ne'),
      fc.constantFrom('new_note', 'new_count') as fc.Arbitrary<'new_note' | 'new_count'>,
    )
    .map(([operator, column]) => ({
      text: `${column} ${operator} null`,
      fits: (row: Thing) => (row[column] === null) === (operator === 'eq'),
    })),
  fc.tuple(fc.constantFrom('contains', 'startswith', 'endswith'), letters).map(([name, value]) => ({
    text: `${name}(new_note,${literal(value)})`,
    fits: (row: Thing) => {
      const text = lower(row.new_note);
      const part = value.toLowerCase();
      return (
        text !== undefined &&
        {
          contains: text.includes(part),
          startswith: text.startsWith(part),
          endswith: text.endsWith(part),
        }[name] === true
      );
    },
  })),
  fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 3 }).map((values) => ({
    text: `Microsoft.Dynamics.CRM.In(PropertyName='new_count',PropertyValues=${JSON.stringify(values.map(String))})`,
    fits: (row: Thing) => row.new_count !== null && values.includes(row.new_count),
  })),
);

const condition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    simple,
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => ({
      text: `(${left.text} and ${right.text})`,
      fits: (row: Thing) => left.fits(row) && right.fits(row),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([left, right]) => ({
      text: `(${left.text} or (${right.text}))`,
      fits: (row: Thing) => left.fits(row) || right.fits(row),
    })),
    tie('tree').map((inner) => ({
      text: `not (${inner.text})`,
      fits: (row: Thing) => !inner.fits(row),
    })),
  ),
})).tree;

let service: TestService;
let rows: readonly (Thing & { readonly id: string })[];
beforeAll(async () => {
  service = await startService();
  const things = fc.sample(rowArbitrary, { numRuns: 120, seed: 7 });
  const Targets = things.map((thing) => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.new_thing',
    ...thing,
  }));
  const { json } = await service.call('POST', 'new_things/Microsoft.Dynamics.CRM.CreateMultiple', {
    Targets,
  });
  const ids = Array.isArray(json['Ids']) ? json['Ids'] : [];
  rows = things.map((thing, index) => ({ ...thing, id: String(ids[index]) }));
});
afterAll(() => service.close());

test('$filter selects what a naive reading of it selects', async () => {
  await fc.assert(
    fc.asyncProperty(condition, async ({ text, fits }) => {
      const { json } = await service.call('GET', `new_things?$select=new_thingid&${filter(text)}`);
      const value = Array.isArray(json['value']) ? json['value'] : [json];
      const found = value.map((row) => row['new_thingid']).sort();
      expect(found, text).toEqual(
        rows
          .filter(fits)
          .map((row) => row.id)
          .sort(),
      );
    }),
    { numRuns: 400 },
  );
});
