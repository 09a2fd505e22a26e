import { field, type JsonTape, shape } from './json-tape.ts';

/** Name of a member in quotes, as it stands in the bytes. */
export type QuotedName = Buffer;

export const quotedName = (name: string): QuotedName => Buffer.from(JSON.stringify(name));

/** The member of an object, -1 when there is none or the value is no object. */
export function memberOf(tape: JsonTape, object: number, name: QuotedName): number {
  const { nodes, children } = tape;
  if (((nodes[object + field.shape] ?? 0) & shape.object) === 0) return -1;
  const first = nodes[object + field.first] ?? 0;
  const after = first + (nodes[object + field.count] ?? 0);
  for (let index = first; index < after; index += 1) {
    const child = children[index] ?? 0;
    if (hasName(tape, child, name)) return child;
  }
  return -1;
}

function hasName({ nodes, bytes }: JsonTape, child: number, name: QuotedName): boolean {
  const start = nodes[child + field.keyStart] ?? 0;
  if ((nodes[child + field.keyEnd] ?? 0) - start !== name.length) return false;
  for (let at = 1; at < name.length; at += 1) {
    if (bytes[start + at] !== name[at]) return false;
  }
  return true;
}

/** The text of a string value; undefined for any other value. */
export function textOf({ nodes, bytes }: JsonTape, node: number): string | undefined {
  const start = nodes[node + field.start] ?? 0;
  const end = nodes[node + field.end] ?? 0;
  if (bytes[start] !== 0x22) return undefined;
  const text = bytes.toString('utf8', start + 1, end - 1);
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
}

/** Takes a child out of its parent, so that the canonical form goes without it. */
export function dropChild({ nodes, children }: JsonTape, parent: number, child: number): void {
  const first = nodes[parent + field.first] ?? 0;
  const count = nodes[parent + field.count] ?? 0;
  const index = children.indexOf(child, first) - first;
  children.copyWithin(first + index, first + index + 1, first + count);
  nodes[parent + field.count] = count - 1;
}

/** Says that a value is not its own canonical form any more. */
export function markChanged({ nodes }: JsonTape, node: number): void {
  nodes[node + field.shape] = (nodes[node + field.shape] ?? 0) & ~shape.verbatim;
}
