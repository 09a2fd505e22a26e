import type { Filter } from './contract.ts';

/** Conditions that one query may have, well under the 500 of Dataverse. */
const maxConditions = 200;

/** Values that one `In` list may have; also keeps the inner URL far under its 64 KB. */
const maxTextLength = 6000;

/**
 * Cuts a filter that is too long for one query into filters that together select the same rows:
 * the longest list in it is halved until every piece fits. Pieces may select a row twice when the
 * filter has an `any`, so rows are told apart by id afterwards.
 */
export function splitFilter(filter: Filter): readonly Filter[] {
  if (fits(filter)) {
    return [filter];
  }
  const halves = halve(filter);
  return halves === undefined ? [filter] : halves.flatMap(splitFilter);
}

function fits(filter: Filter): boolean {
  const { conditions, length } = sizeOf(filter);
  return conditions <= maxConditions && length <= maxTextLength;
}

interface Size {
  readonly conditions: number;
  readonly length: number;
}

function sizeOf(filter: Filter): Size {
  if ('all' in filter || 'any' in filter) {
    const items = ('all' in filter ? filter.all : filter.any).map(sizeOf);
    return {
      conditions: items.reduce((sum, item) => sum + item.conditions, 0),
      length: items.reduce((sum, item) => sum + item.length, 0),
    };
  }
  if ('in' in filter) {
    const length = filter.in.reduce<number>((sum, value) => sum + String(value).length + 3, 0);
    return { conditions: filter.in.length, length };
  }
  const value = 'equals' in filter ? String(filter.equals) : filter.startsWith;
  return { conditions: 1, length: value.length };
}

function halve(filter: Filter): readonly Filter[] | undefined {
  if ('in' in filter) {
    return halvesOf(filter.in)?.map((values) => ({ column: filter.column, in: values }));
  }
  if ('any' in filter) {
    const [only] = filter.any;
    return filter.any.length === 1 && only !== undefined
      ? halve(only)
      : halvesOf(filter.any)?.map((items) => ({ any: items }));
  }
  return 'all' in filter ? halveWithin(filter.all) : undefined;
}

/** `(a or b) and c` is `(a and c) or (b and c)`: the largest member that can be halved is. */
function halveWithin(items: readonly Filter[]): readonly Filter[] | undefined {
  const bySize = items
    .map((item, index) => ({ index, size: sizeOf(item), halves: halve(item) }))
    .sort((left, right) => right.size.conditions - left.size.conditions);
  const chosen = bySize.find((candidate) => candidate.halves !== undefined);
  return chosen?.halves?.map((half) => ({ all: items.with(chosen.index, half) }));
}

function halvesOf<T>(items: readonly T[]): readonly (readonly T[])[] | undefined {
  const middle = Math.ceil(items.length / 2);
  return items.length < 2 ? undefined : [items.slice(0, middle), items.slice(middle)];
}
