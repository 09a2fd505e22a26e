import type { ImportErrorLine, NdjsonLine } from './contract.ts';

/** An error and the line of the input file that it is about. */
export interface LocatedError {
  readonly error: ImportErrorLine;
  readonly line: NdjsonLine;
}

/**
 * Finds the lines that errors of `$import` are about, in one pass over the input file. A unit that
 * starts at byte 0 counts every line with text; any other skips the line that its offset lies in
 * (or at the start of) and counts from the next one (ImportResourceLoader.ReadLines).
 *
 * An error whose place lies beyond the file is given by no pair: count them.
 */
export async function* locateErrors(
  lines: AsyncIterable<readonly NdjsonLine[]>,
  errors: readonly ImportErrorLine[],
): AsyncGenerator<readonly LocatedError[], void, undefined> {
  const units = unitsOf(errors);
  const wanted = new Map<number, ImportErrorLine[]>();
  let nextUnit = 0;
  let counted = 0;
  for await (const batch of lines) {
    const found: LocatedError[] = [];
    for (const line of batch) {
      for (let unit = units[nextUnit]; isBefore(unit, line); unit = units[nextUnit]) {
        expect(unit.errors, counted, wanted);
        nextUnit += 1;
      }
      counted += 1;
      found.push(...(wanted.get(counted) ?? []).map((error) => ({ error, line })));
      wanted.delete(counted);
    }
    if (found.length > 0) {
      yield found;
    }
  }
}

interface Unit {
  readonly offset: number;
  readonly errors: readonly ImportErrorLine[];
}

function unitsOf(errors: readonly ImportErrorLine[]): readonly Unit[] {
  const byOffset = new Map<number, ImportErrorLine[]>();
  for (const error of errors) {
    if (error.unitOffset !== undefined && error.line !== undefined) {
      const known = byOffset.get(error.unitOffset) ?? [];
      known.push(error);
      byOffset.set(error.unitOffset, known);
    }
  }
  return [...byOffset]
    .map(([offset, known]) => ({ offset, errors: known }))
    .sort((a, b) => a.offset - b.offset);
}

/** Is this the first line that the unit counts? */
function isBefore(unit: Unit | undefined, line: NdjsonLine): unit is Unit {
  return unit !== undefined && (unit.offset === 0 || unit.offset < line.offset);
}

function expect(
  errors: readonly ImportErrorLine[],
  before: number,
  wanted: Map<number, ImportErrorLine[]>,
): void {
  for (const error of errors) {
    const ordinal = before + (error.line ?? 0);
    wanted.set(ordinal, [...(wanted.get(ordinal) ?? []), error]);
  }
}
