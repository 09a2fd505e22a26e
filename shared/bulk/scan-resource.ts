import { isUtf8 } from 'node:buffer';
import { isRecord } from '../fhir/index.ts';
import type { ResourceScan } from './contract.ts';
import { EnvelopeWalk, isTextAt, member } from './envelope-walk.ts';
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

const envelope = new EnvelopeWalk();
/** Nearly all lines of a file say the same: no new string is made for it. */
const before = { resourceType: '', versionId: '', lastUpdated: '' };

function walk(line: Buffer): ResourceScan | undefined {
  if (!envelope.walk(line)) return undefined;
  const resourceType = plainText(line, member.resourceType, before.resourceType);
  const id = plainText(line, member.id, '');
  const versionId = plainText(line, member.versionId, before.versionId);
  const lastUpdated = plainText(line, member.lastUpdated, before.lastUpdated);
  // A member that is there but no plain string needs JSON.parse to say what it is.
  if (resourceType === undefined || resourceType === '' || id === null) return undefined;
  if (resourceType === null || versionId === null || lastUpdated === null) return undefined;
  before.resourceType = resourceType;
  before.versionId = versionId ?? '';
  before.lastUpdated = lastUpdated ?? '';
  const { longestDecimal } = envelope.json;
  const softDeleted = hasSoftDelete(line);
  return {
    kind: 'resource',
    resourceType,
    id,
    versionId,
    lastUpdated,
    softDeleted,
    longestDecimal,
  };
}

/**
 * The text of a string without escapes and letters beyond ASCII; null for anything else that is there.
 * @param likely given back when it is the same
 */
function plainText(line: Buffer, place: number, likely: string): string | null | undefined {
  const { spans } = envelope;
  const from = (spans[2 * place] ?? 0) + 1;
  const to = (spans[2 * place + 1] ?? 0) - 1;
  if (to < 0) return undefined;
  if (line[from - 1] !== 0x22) return null;
  if (likely.length === to - from && isTextAt(line, from, likely)) return likely;
  for (let at = from; at < to; at += 1) {
    const byte = line[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === 0x5c) return null;
  }
  return line.toString('latin1', from, to);
}

function hasSoftDelete(line: Buffer): boolean {
  const { spans } = envelope;
  const from = spans[2 * member.extension];
  const to = spans[2 * member.extension + 1] ?? 0;
  return to !== 0 && isSoftDeleted(JSON.parse(line.toString('utf8', from, to)));
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
