import { isUtf8 } from 'node:buffer';
import { isRecord } from '../fhir/index.ts';
import type { ResourceScan } from './contract.ts';
import { JsonSkipper } from './json-skipper.ts';
import { isSoftDeleted } from './soft-delete.ts';

/**
 * Reads the envelope of one NDJSON line (type, id, version, instant, soft delete) and the longest
 * decimal, without building the rest. Says the same as JSON.parse would; where the quick walk is
 * not sure (odd escapes, a key twice, great depth, no sound JSON) it asks JSON.parse itself.
 */
export function scanResource(line: Buffer): ResourceScan {
  if (!isUtf8(line)) {
    return { kind: 'unreadable', problem: 'not-utf8' };
  }
  return walk(line) ?? parse(line);
}

const members = ['resourceType', 'id', 'meta', 'versionId', 'lastUpdated', 'extension'] as const;
type Member = (typeof members)[number];
const topMembers: readonly Member[] = ['resourceType', 'id', 'meta'];
const metaMembers: readonly Member[] = ['versionId', 'lastUpdated', 'extension'];

/** Where the values lie; a second member of one name makes JSON.parse the judge. */
type Spans = Partial<Record<Member, readonly [from: number, to: number]>>;

function walk(line: Buffer): ResourceScan | undefined {
  const json = new JsonSkipper(line);
  const start = json.space(0);
  if (line[start] !== 0x7b) {
    return undefined;
  }
  const spans: Spans = {};
  const end = json.members(start, envelopeVisit(json, spans, topMembers));
  if (end < 0 || json.space(end) !== line.length) {
    return undefined;
  }
  const resourceType = plainText(line, spans.resourceType);
  const id = plainText(line, spans.id);
  const versionId = plainText(line, spans.versionId);
  const lastUpdated = plainText(line, spans.lastUpdated);
  // A member that is there but no plain string needs JSON.parse to say what it is.
  if (resourceType === undefined || resourceType === '' || id === null) return undefined;
  if (resourceType === null || versionId === null || lastUpdated === null) return undefined;
  return {
    kind: 'resource',
    resourceType,
    id,
    versionId,
    lastUpdated,
    softDeleted: spans.extension !== undefined && hasSoftDelete(line, spans.extension),
    longestDecimal: json.longestDecimal,
  };
}

function envelopeVisit(json: JsonSkipper, spans: Spans, wanted: readonly Member[]) {
  return (keyFrom: number, keyTo: number, at: number): number => {
    const member = memberAt(json.bytes, keyFrom, keyTo, wanted);
    if (member === 'escaped' || (member !== undefined && spans[member] !== undefined)) {
      return -1;
    }
    const isMeta = member === 'meta' && json.bytes[at] === 0x7b;
    const end = isMeta ? json.members(at, envelopeVisit(json, spans, metaMembers)) : json.value(at);
    if (member !== undefined) {
      spans[member] = [at, end];
    }
    return end;
  };
}

function memberAt(
  bytes: Buffer,
  from: number,
  to: number,
  wanted: readonly Member[],
): Member | 'escaped' | undefined {
  for (const name of wanted) {
    if (name.length === to - from && isTextAt(bytes, from, name)) {
      return name;
    }
  }
  // An escape could spell one of the names.
  for (let at = from; at < to; at += 1) {
    if (bytes[at] === 0x5c) {
      return 'escaped';
    }
  }
  return undefined;
}

function isTextAt(bytes: Buffer, from: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[from + index] !== text.charCodeAt(index)) {
      return false;
    }
  }
  return true;
}

/** The text of a string without escapes and beyond-ASCII letters; null for anything else that is there. */
function plainText(
  line: Buffer,
  span: readonly [number, number] | undefined,
): string | null | undefined {
  if (span === undefined) {
    return undefined;
  }
  const [from, to] = span;
  if (line[from] !== 0x22) {
    return null;
  }
  for (let at = from + 1; at < to - 1; at += 1) {
    const byte = line[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) {
      return null;
    }
  }
  return line.toString('latin1', from + 1, to - 1);
}

function hasSoftDelete(line: Buffer, [from, to]: readonly [number, number]): boolean {
  return isSoftDeleted(JSON.parse(line.toString('utf8', from, to)));
}

function parse(line: Buffer): ResourceScan {
  const text = line.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unreadable', problem: 'not-json' };
  }
  if (!isRecord(value)) {
    return { kind: 'unreadable', problem: 'no-object' };
  }
  const { resourceType, id, meta } = value;
  if (typeof resourceType !== 'string' || resourceType === '') {
    return { kind: 'unreadable', problem: 'no-resource-type' };
  }
  const known = isRecord(meta) ? meta : {};
  return {
    kind: 'resource',
    resourceType,
    id: textOf(id),
    versionId: textOf(known['versionId']),
    lastUpdated: textOf(known['lastUpdated']),
    softDeleted: isSoftDeleted(known['extension']),
    longestDecimal: longestDecimalOf(text),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Of sound JSON: numbers are what stands outside strings. */
function longestDecimalOf(text: string): number {
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, ' ');
  let longest = 0;
  for (const [number] of outside.matchAll(/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)) {
    const mantissa = number.replace(/[eE].*$/, '').replace('.', '');
    longest = Math.max(longest, mantissa.replace(/^0+/, '').length);
  }
  return longest;
}
