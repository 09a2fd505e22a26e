import { notJson } from './line-problem.ts';
import { type ScanText, scanNumber, scanString, scanWord } from './scan-scalar.ts';

/**
 * One JSON text as a flat table of integers: where each value begins and ends in the
 * bytes, and the members of each object in canonical order. Nothing is decoded and
 * nothing is allocated per line, which is what makes 40,000 resources a second possible;
 * JSON.parse would also lose digits of decimals.
 */
export interface JsonTape {
  /** @throws AppError INPUT_INVALID naming the byte and the rule */
  read(bytes: Buffer): number;
  readonly bytes: Buffer;
  /** True when strings hold escapes that the canonical form writes otherwise. */
  readonly needsRewrite: boolean;
  readonly nodes: Int32Array;
  readonly children: Int32Array;
  /** Values of members named `reference`. */
  readonly references: readonly number[];
}

/** Fields of a node: `nodes[node + field.x]`. */
export const field = {
  start: 0,
  end: 1,
  /** Its key in quotes; set for members of objects only. */
  keyStart: 2,
  keyEnd: 3,
  /** First four bytes of the key, in an order that signed comparison keeps. */
  prefix: 4,
  /** Children of objects (by key) and of arrays (as written), `children[first]` and on; unset in others. */
  first: 5,
  count: 6,
  /** One of `shape`; a verbatim value is its own canonical form, byte for byte. */
  shape: 7,
} as const;
const stride = 8;

export const shape = { scalar: 0, object: 1, array: 2, verbatim: 4 } as const;

const maxDepth = 200;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const referencePrefix = 0x72656665 ^ -0x80000000;
const insertionLimit = 32;

export class LineTape implements JsonTape {
  bytes: Buffer = Buffer.alloc(0);
  nodes = new Int32Array(stride * 1024);
  children = new Int32Array(1024);
  readonly references: number[] = [];
  readonly #text: ScanText = { bytes: this.bytes, escapes: false };
  #open = new Int32Array(256);
  #openTop = 0;
  #nodeTop = 0;
  #childTop = 0;
  #gaps = 0;

  get needsRewrite(): boolean {
    return this.#text.escapes;
  }

  read(bytes: Buffer): number {
    this.bytes = bytes;
    this.#text.bytes = bytes;
    this.#text.escapes = false;
    this.#openTop = 0;
    this.#nodeTop = 0;
    this.#childTop = 0;
    this.references.length = 0;
    const root = this.#value(this.#skip(0), 0);
    const rest = this.#skip(this.#at(root, field.end));
    if (rest < bytes.length) throw notJson(rest, 'the text goes on after its value');
    return root;
  }

  #at(node: number, which: number): number {
    return this.nodes[node + which] ?? 0;
  }

  #value(start: number, depth: number): number {
    const first = this.bytes[start];
    if (first === 0x7b || first === 0x5b) {
      if (depth >= maxDepth) throw notJson(start, `nested deeper than ${maxDepth}`);
      return first === 0x7b ? this.#object(start, depth) : this.#array(start, depth);
    }
    const node = this.#node(start);
    this.nodes[node + field.end] = this.#scalar(start, first);
    this.nodes[node + field.shape] = shape.verbatim;
    return node;
  }

  #scalar(start: number, first: number | undefined): number {
    if (first === quote) return scanString(this.#text, start);
    if (first === 0x2d || (first !== undefined && first >= 0x30 && first <= 0x39)) {
      return scanNumber(this.bytes, start);
    }
    return scanWord(this.bytes, start);
  }

  #object(start: number, depth: number): number {
    const node = this.#node(start);
    const base = this.#openTop;
    const gaps = this.#gaps;
    let at = this.#skip(start + 1);
    while (this.bytes[at] !== 0x7d) {
      if (this.#openTop > base) at = this.#next(at, '}');
      const child = this.#member(at, depth + 1);
      this.#push(child);
      at = this.#skip(this.#at(child, field.end));
    }
    const inOrder = this.#sort(base);
    this.#close({
      node,
      base,
      end: at + 1,
      shape: shape.object,
      same: inOrder && gaps === this.#gaps,
    });
    return node;
  }

  #member(at: number, depth: number): number {
    const { bytes } = this;
    if (bytes[at] !== quote) throw notJson(at, 'the name of a member in quotes is missing');
    const keyEnd = scanString(this.#text, at);
    const mark = this.#skip(keyEnd);
    if (bytes[mark] !== colon) throw notJson(mark, 'a colon is missing');
    const start = this.#skip(mark + 1);
    const child = this.#value(start, depth);
    const prefix = keyPrefix(bytes, at + 1, keyEnd - 1);
    this.nodes[child + field.keyStart] = at;
    this.nodes[child + field.keyEnd] = keyEnd;
    this.nodes[child + field.prefix] = prefix;
    if (prefix === referencePrefix && keyEnd - at === 11 && bytes[start] === quote) {
      if (bytes.toString('latin1', at + 5, keyEnd - 1) === 'rence') this.references.push(child);
    }
    return child;
  }

  #array(start: number, depth: number): number {
    const node = this.#node(start);
    const base = this.#openTop;
    const gaps = this.#gaps;
    let at = this.#skip(start + 1);
    while (this.bytes[at] !== 0x5d) {
      if (this.#openTop > base) at = this.#next(at, ']');
      const child = this.#value(at, depth + 1);
      this.#push(child);
      at = this.#skip(this.#at(child, field.end));
    }
    this.#close({ node, base, end: at + 1, shape: shape.array, same: gaps === this.#gaps });
    return node;
  }

  /** Steps over the comma between two members or elements. */
  #next(at: number, close: string): number {
    if (this.bytes[at] !== comma) throw notJson(at, `a comma or ${close} is missing`);
    return this.#skip(at + 1);
  }

  #skip(start: number): number {
    const { bytes } = this;
    let at = start;
    for (let byte = bytes[at]; byte !== undefined && byte <= 0x20; byte = bytes[at]) {
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at += 1;
    }
    if (at > start) this.#gaps += 1;
    return at;
  }

  #node(start: number): number {
    const node = this.#nodeTop;
    if (node + stride > this.nodes.length) this.nodes = grown(this.nodes);
    this.#nodeTop = node + stride;
    this.nodes[node + field.start] = start;
    return node;
  }

  #push(child: number): void {
    if (this.#openTop === this.#open.length) this.#open = grown(this.#open);
    this.#open[this.#openTop] = child;
    this.#openTop += 1;
  }

  /** Moves the open children of a value into its list. */
  #close(value: {
    readonly node: number;
    readonly base: number;
    readonly end: number;
    readonly shape: number;
    readonly same: boolean;
  }): void {
    const { node, base } = value;
    const count = this.#openTop - base;
    while (this.#childTop + count > this.children.length) this.children = grown(this.children);
    let verbatim = value.same;
    for (let index = 0; index < count; index += 1) {
      const child = this.#open[base + index] ?? 0;
      this.children[this.#childTop + index] = child;
      if ((this.#at(child, field.shape) & shape.verbatim) === 0) verbatim = false;
    }
    this.nodes[node + field.end] = value.end;
    this.nodes[node + field.first] = this.#childTop;
    this.nodes[node + field.count] = count;
    this.nodes[node + field.shape] = value.shape | (verbatim ? shape.verbatim : 0);
    this.#childTop += count;
    this.#openTop = base;
  }

  /** Orders the open members from `base` by key; true when they were in order already. */
  #sort(base: number): boolean {
    const open = this.#open;
    const top = this.#openTop;
    if (top - base > insertionLimit) return this.#sortMany(base);
    let inOrder = true;
    for (let index = base + 1; index < top; index += 1) {
      const member = open[index] ?? 0;
      let to = index;
      while (to > base && this.#order(open[to - 1] ?? 0, member) > 0) {
        open[to] = open[to - 1] ?? 0;
        to -= 1;
      }
      if (to === index) continue;
      open[to] = member;
      inOrder = false;
    }
    return inOrder;
  }

  #sortMany(base: number): boolean {
    const members = this.#open.subarray(base, this.#openTop);
    members.sort((left, right) => this.#order(left, right));
    return false;
  }

  /** @throws AppError INPUT_INVALID for equal keys: which of them counts is not defined */
  #order(left: number, right: number): number {
    const difference = this.#at(left, field.prefix) - this.#at(right, field.prefix);
    if (difference !== 0 || left === right) return difference;
    const order = this.bytes.compare(
      this.bytes,
      this.#at(right, field.keyStart) + 1,
      this.#at(right, field.keyEnd) - 1,
      this.#at(left, field.keyStart) + 1,
      this.#at(left, field.keyEnd) - 1,
    );
    if (order === 0) throw notJson(this.#at(right, field.keyStart), 'a member is there twice');
    return order;
  }
}

function keyPrefix(bytes: Buffer, start: number, end: number): number {
  if (end - start >= 4) {
    return (
      (((bytes[start] ?? 0) << 24) |
        ((bytes[start + 1] ?? 0) << 16) |
        ((bytes[start + 2] ?? 0) << 8) |
        (bytes[start + 3] ?? 0)) ^
      -0x80000000
    );
  }
  let prefix = 0;
  for (let at = start; at < start + 4; at += 1) {
    prefix = (prefix << 8) | (at < end ? (bytes[at] ?? 0) : 0);
  }
  return prefix ^ -0x80000000;
}

function grown(table: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(table.length * 2);
  larger.set(table);
  return larger;
}
