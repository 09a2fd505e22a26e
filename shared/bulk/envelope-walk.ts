import { JsonSkipper } from './json-skipper.ts';

/** What is told of a resource without building it, by place in `EnvelopeWalk.spans`. */
export const member = {
  resourceType: 0,
  id: 1,
  meta: 2,
  versionId: 3,
  lastUpdated: 4,
  extension: 5,
} as const;

interface Name {
  readonly at: number;
  readonly text: string;
}

const names: readonly Name[] = Object.entries(member).map(([text, at]) => ({ at, text }));
const isOfMeta = ({ at }: Name): boolean => at > member.meta;
const topNames = names.filter((name) => !isOfMeta(name));
const metaNames = names.filter(isOfMeta);

const [quote, comma, openBrace, closeBrace] = [0x22, 0x2c, 0x7b, 0x7d];

/**
 * Finds where the envelope of a resource lies in its line. Written for many small lines: one walk
 * is used for all of them, and allocates nothing.
 */
export class EnvelopeWalk {
  readonly json = new JsonSkipper(Buffer.alloc(0));
  /** Of each member: the first byte of its value, and the one after its last; both 0 where it is missing. */
  readonly spans = new Int32Array(names.length * 2);

  /**
   * True when the line is one sound object, no envelope member of which comes twice or may be
   * spelled with escapes. JSON.parse is the judge of all else.
   */
  walk(line: Buffer): boolean {
    const { json } = this;
    json.reset(line);
    this.spans.fill(0);
    const start = json.space(0);
    const end = line[start] === openBrace ? this.#members(start, topNames) : -1;
    return end >= 0 && json.space(end) === line.length;
  }

  #members(from: number, wanted: readonly Name[]): number {
    const { json } = this;
    const { bytes } = json;
    let at = json.space(from + 1);
    if (bytes[at] === closeBrace) return at + 1;
    for (;;) {
      const end = this.#member(at, wanted);
      if (end < 0) return -1;
      at = json.space(end);
      const byte = bytes[at];
      if (byte !== comma) return byte === closeBrace ? at + 1 : -1;
      at = json.space(at + 1);
    }
  }

  #member(from: number, wanted: readonly Name[]): number {
    const { json, spans } = this;
    const { escapes } = json;
    const valueFrom = json.key(from);
    if (valueFrom < 0 || json.escapes !== escapes) return -1;
    const place = placeOf(json.bytes, from + 1, wanted);
    const isMeta = place === member.meta && json.bytes[valueFrom] === openBrace;
    const end = isMeta ? this.#members(valueFrom, metaNames) : json.value(valueFrom);
    if (place < 0 || end < 0) return end;
    if (spans[2 * place + 1] !== 0) return -1;
    spans[2 * place] = valueFrom;
    spans[2 * place + 1] = end;
    return end;
  }
}

/** Which of the names is the key that begins here; -1 for another. */
function placeOf(bytes: Buffer, from: number, wanted: readonly Name[]): number {
  for (const { at, text } of wanted) {
    if (isTextAt(bytes, from, text) && bytes[from + text.length] === quote) return at;
  }
  return -1;
}

export function isTextAt(bytes: Buffer, from: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[from + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
