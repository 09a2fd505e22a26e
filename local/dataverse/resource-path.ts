import { badQuery, resourceMissing } from './protocol-error.ts';

/** A literal of a URL key or of `$filter`. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'guid'; readonly value: string }
  | { readonly kind: 'date'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' };

/** The bracketed part of a segment: nothing, one bare GUID, or named values. */
export type KeyPart =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'named'; readonly members: ReadonlyMap<string, Literal> };

export interface Segment {
  readonly name: string;
  /** The segment as it was sent, for echoing. */
  readonly raw: string;
  readonly key: KeyPart | undefined;
  /** True for a segment that had brackets, also empty ones. */
  readonly isCall: boolean;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const number = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const date = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?$/i;

/** Reads one literal, or undefined when it is none. */
export function readLiteral(text: string): Literal | undefined {
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'")) {
    return { kind: 'text', value: text.slice(1, -1).replaceAll("''", "'") };
  }
  if (guid.test(text)) {
    return { kind: 'guid', value: text.toLowerCase() };
  }
  if (number.test(text)) {
    return { kind: 'number', value: Number(text) };
  }
  if (date.test(text)) {
    return { kind: 'date', value: text };
  }
  if (text === 'true' || text === 'false') {
    return { kind: 'boolean', value: text === 'true' };
  }
  return text === 'null' ? { kind: 'null' } : undefined;
}

/** Cuts at a separator outside quoted text. */
export function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "'") {
      isQuoted = !isQuoted;
    } else if (character === separator && !isQuoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

/** Facts A2: values with these characters do not work in a key URL, even encoded. */
const forbidden = /[/<>*%&:\\?+]/;

function readMember(part: string): readonly [string, Literal] {
  const equals = part.indexOf('=');
  const name = part.slice(0, equals).trim();
  const literal = equals > 0 ? readLiteral(part.slice(equals + 1).trim()) : undefined;
  if (literal === undefined) {
    throw badQuery('Bad Request - Error in query syntax.');
  }
  if (literal.kind === 'text' && forbidden.test(literal.value)) {
    throw badQuery(
      `The value of the key attribute '${name}' holds one of the characters / < > * % & : \\ ? + which a key in a URL cannot have.`,
    );
  }
  return [name, literal];
}

function readKey(text: string): KeyPart | undefined {
  if (text === '') {
    return undefined;
  }
  if (guid.test(text)) {
    return { kind: 'id', id: text.toLowerCase() };
  }
  return { kind: 'named', members: new Map(splitOutsideQuotes(text, ',').map(readMember)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badQuery('Bad Request - Error in query syntax.');
  }
}

function readSegment(raw: string): Segment {
  const text = raw.includes('%') ? decode(raw) : raw;
  const open = text.indexOf('(');
  if (open < 0) {
    return { name: text, raw, key: undefined, isCall: false };
  }
  if (!text.endsWith(')')) {
    throw badQuery('Bad Request - Error in query syntax.');
  }
  return {
    name: text.slice(0, open),
    raw,
    key: readKey(text.slice(open + 1, -1)),
    isCall: true,
  };
}

/**
 * Reads the part of a path after `/api/data/v9.2/`. Throws 400 for a key that
 * is no key and for the characters a key cannot hold.
 */
export function readPath(path: string): readonly Segment[] {
  return splitOutsideQuotes(path, '/')
    .filter((part) => part !== '')
    .map(readSegment);
}

const root = /^(?:https?:\/\/[^/]+)?\/?api\/data\/v9\.\d+\//i;

/** A reference in a body or batch: full URL, absolute path, or relative with or without slash. */
export function readReference(text: string): Segment {
  const [segment, ...rest] = readPath(text.replace(root, '').replace(/^\//, ''));
  if (segment === undefined || rest.length > 0) {
    throw resourceMissing(text.slice(0, 60));
  }
  return segment;
}
