import { compilePath } from './path-compiler.ts';
import type { PathCondition, PathStep } from './path-syntax.ts';
import { isRecord } from './record.ts';

/**
 * Gives a copy of the node in which the path holds the value; `undefined` as
 * value removes it, and with it what would be left empty. Parts off the path are
 * the same objects as before. A node that cannot take the value is given back as it is.
 */
export type WritePath = (node: unknown, value: unknown) => unknown;

/** Compiles the way back of a path; undefined when a path names no single place ([1:], .value[x]). */
export function compilePathWriter(steps: readonly PathStep[]): WritePath | undefined {
  let write: WritePath = (_node, value) => value;
  for (const [index, step] of [...steps.entries()].toReversed()) {
    const through = writeThrough(step, write, compilePath(steps.slice(index + 1)).first);
    if (through === undefined) return undefined;
    write = through;
  }
  return write;
}

function writeThrough(
  step: PathStep,
  next: WritePath,
  readRest: (node: unknown) => unknown,
): WritePath | undefined {
  switch (step.kind) {
    case 'member':
      return (node, value) => writeMember(node, step.name, (child) => next(child, value));
    case 'index':
      return (node, value) => writeItem(node, step.index, (child) => next(child, value));
    case 'every':
    case 'filter': {
      const conditions = step.kind === 'filter' ? step.conditions : [];
      const accepts = compilePath([step]).first;
      return (node, value) => {
        const items = Array.isArray(node) ? node : [];
        const fits = (item: unknown) => conditions.length === 0 || accepts([item]) !== undefined;
        const held = items.findIndex((item) => fits(item) && isThere(readRest(item)));
        const found = held >= 0 ? held : items.findIndex(fits);
        const seed = found < 0 ? seedOf(conditions) : undefined;
        return writeItem(node, found < 0 ? items.length : found, (child) =>
          next(child ?? seed, value),
        );
      };
    }
    default:
      return undefined;
  }
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function writeMember(node: unknown, name: string, change: (child: unknown) => unknown): unknown {
  if (node !== undefined && !isRecord(node)) return node;
  const child = change(node?.[name]);
  if (child !== undefined) return { ...node, [name]: child };
  const rest = Object.entries(node ?? {}).filter(([key]) => key !== name);
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}

function writeItem(node: unknown, index: number, change: (child: unknown) => unknown): unknown {
  if (node !== undefined && !Array.isArray(node)) return node;
  const items: readonly unknown[] = node ?? [];
  if (index > items.length) return node;
  const child = change(items[index]);
  if (child === undefined) {
    const rest = items.filter((_item, position) => position !== index);
    return rest.length === 0 ? undefined : rest;
  }
  return index < items.length ? items.with(index, child) : [...items, child];
}

/** What a new item must hold so that the filter finds it again. */
function seedOf(conditions: readonly PathCondition[]): unknown {
  let seed: unknown;
  for (const { chain, test, literal } of conditions) {
    if (test !== 'equals') continue;
    const steps = chain.map(
      (part): PathStep =>
        typeof part === 'number' ? { kind: 'index', index: part } : { kind: 'member', name: part },
    );
    seed = compilePathWriter(steps)?.(seed, literal);
  }
  return seed;
}
