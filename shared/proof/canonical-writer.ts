import { field, type JsonTape, shape } from './json-tape.ts';

const comma = 0x2c;
const colon = 0x3a;
/** Below this many bytes a loop is quicker than a call of the runtime. */
const shortRange = 48;

/** Writes the canonical form of what a tape holds. Neighbouring ranges are copied as one. */
export class CanonicalWriter {
  #out: Buffer = Buffer.allocUnsafe(16_384);
  #length = 0;
  #bytes: Buffer = this.#out;
  #from = 0;
  #to = 0;

  /** The canonical bytes of a value; good until the next call. Never longer than the text itself. */
  write(tape: JsonTape, node: number): Buffer {
    if (this.#out.length < tape.bytes.length) this.#out = Buffer.allocUnsafe(tape.bytes.length * 2);
    this.#bytes = tape.bytes;
    this.#length = 0;
    this.#from = 0;
    this.#to = 0;
    this.#value(tape, node);
    this.#flush();
    return this.#out.subarray(0, this.#length);
  }

  #value(tape: JsonTape, node: number): void {
    const { nodes } = tape;
    const kind = nodes[node + field.shape] ?? 0;
    if ((kind & shape.verbatim) !== 0) {
      this.#copy(nodes[node + field.start] ?? 0, nodes[node + field.end] ?? 0);
      return;
    }
    const isObject = (kind & shape.object) !== 0;
    this.#put(isObject ? 0x7b : 0x5b);
    const first = nodes[node + field.first] ?? 0;
    const after = first + (nodes[node + field.count] ?? 0);
    for (let index = first; index < after; index += 1) {
      const child = tape.children[index] ?? 0;
      if (index > first) this.#put(comma);
      if (isObject) this.#member(tape, child);
      else this.#value(tape, child);
    }
    this.#put(isObject ? 0x7d : 0x5d);
  }

  #member(tape: JsonTape, child: number): void {
    const { nodes } = tape;
    this.#copy(nodes[child + field.keyStart] ?? 0, nodes[child + field.keyEnd] ?? 0);
    this.#put(colon);
    this.#value(tape, child);
  }

  /** One byte of punctuation: taken from the source where it stands next there. */
  #put(byte: number): void {
    if (this.#bytes[this.#to] === byte) {
      this.#to += 1;
      return;
    }
    this.#flush();
    this.#out[this.#length] = byte;
    this.#length += 1;
  }

  #copy(start: number, end: number): void {
    if (start === this.#to) {
      this.#to = end;
      return;
    }
    this.#flush();
    this.#from = start;
    this.#to = end;
  }

  #flush(): void {
    const from = this.#from;
    const to = this.#to;
    if (to - from < shortRange) {
      for (let at = from; at < to; at += 1)
        this.#out[this.#length + at - from] = this.#bytes[at] ?? 0;
    } else {
      this.#bytes.copy(this.#out, this.#length, from, to);
    }
    this.#length += to - from;
    this.#from = to;
  }
}
