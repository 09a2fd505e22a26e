import { readLeaves } from './bucket-leaf.ts';
import { type BucketRow, emptyRow, sameBucket, takeRow } from './bucket-row.ts';
import type { TypeFigures, TypeWindow } from './certificate-schema.ts';
import { windowRoot } from './merkle.ts';

export interface WindowLeaves {
  /** Leaves of the window. */
  readonly count: number;
  /** Those where the target is not the source less what was excepted. */
  readonly differing: ReadonlySet<number>;
}

interface Rows {
  readonly source: BucketRow;
  readonly target: BucketRow;
  readonly excepted: BucketRow;
}

/** Reads the leaves of a window; undefined when one side has not as many as its depth asks for. */
function readRows({ leaves }: TypeWindow): Rows | undefined {
  const count = 2 ** leaves.depth;
  const read = (text: string): BucketRow | undefined =>
    readLeaves(Buffer.from(text, 'base64'), count);
  const source = read(leaves.source);
  const target = leaves.target === null ? source : read(leaves.target);
  const excepted = leaves.excepted === null ? emptyRow(count) : read(leaves.excepted);
  if (source === undefined || target === undefined || excepted === undefined) return undefined;
  return { source, target, excepted };
}

export function windowLeaves(window: TypeWindow): WindowLeaves {
  const count = 2 ** window.leaves.depth;
  const all = Array.from({ length: count }, (_none, bucket) => bucket);
  const rows = readRows(window);
  if (rows === undefined || !takeRow(rows.source, rows.excepted)) {
    return { count, differing: new Set(all) };
  }
  // Where the target shares its leaves with the source, taking away changed both.
  const { target } = readRows(window) ?? rows;
  const differing = all.filter((bucket) => !sameBucket(rows.source, target, bucket));
  return { count, differing: new Set(differing) };
}

export function windowProblem({ type }: TypeFigures, window: TypeWindow): string | undefined {
  const rows = readRows(window);
  const place = `${type}, window ${window.window}`;
  if (rows === undefined) return `${place}: the leaves are not as many as its depth asks for`;
  for (const side of ['source', 'target', 'excepted'] as const) {
    if (rows[side].count !== window[side].count)
      return `${place}: leaves of the ${side} count otherwise`;
    if (windowRoot(rows[side]) !== window[side].root)
      return `${place}: another root of the ${side}`;
  }
  const wrong = !takeRow(rows.source, rows.excepted);
  return wrong ? `${place}: more is excepted than the source holds` : undefined;
}
