import { isUtf8 } from 'node:buffer';
import { isRecord } from '../fhir/index.ts';
import { JsonSkipper } from './json-skipper.ts';

/** One entry of a Bundle: the resource as its bytes, the small rest as values. */
export interface EntryParts {
  /** JSON on one line, digits of decimals as served; undefined when there is none. */
  readonly resource: Buffer | undefined;
  readonly request: unknown;
  readonly response: unknown;
  readonly search: unknown;
}

export interface BundleParts {
  readonly type: unknown;
  readonly next: string | undefined;
  readonly entries: readonly EntryParts[];
}

/**
 * Takes a Bundle apart without parsing its resources, because parsing and printing would change
 * decimals (1.0 would become 1). Undefined when it is no sound Bundle.
 */
export function takeBundleApart(bytes: Buffer): BundleParts | undefined {
  const json = new JsonSkipper(bytes);
  const start = json.space(0);
  const top = new Map<string, unknown>();
  const entries: EntryParts[] = [];
  const visit = objectVisit(json, (name, at) => {
    if (name !== 'entry' || bytes[at] !== 0x5b) {
      return undefined;
    }
    return json.elements(at, (entryAt) => takeEntry(json, entryAt, entries));
  });
  const end = bytes[start] === 0x7b && isUtf8(bytes) ? json.members(start, visit(top)) : -1;
  if (end < 0 || json.space(end) !== bytes.length || top.get('resourceType') !== 'Bundle') {
    return undefined;
  }
  return { type: top.get('type'), next: nextLink(top.get('link')), entries };
}

function takeEntry(json: JsonSkipper, at: number, entries: EntryParts[]): number {
  if (json.bytes[at] !== 0x7b) {
    return -1;
  }
  const parts = new Map<string, unknown>();
  let resource: Buffer | undefined;
  const visit = objectVisit(json, (name, from) => {
    if (name !== 'resource') {
      return undefined;
    }
    const to = json.value(from);
    resource = to < 0 ? undefined : onOneLine(json.bytes.subarray(from, to));
    return to;
  });
  const end = json.members(at, visit(parts));
  entries.push({
    resource,
    request: parts.get('request'),
    response: parts.get('response'),
    search: parts.get('search'),
  });
  return end;
}

/** Members that `special` does not walk over itself are parsed into the map. */
function objectVisit(json: JsonSkipper, special: (name: string, at: number) => number | undefined) {
  return (values: Map<string, unknown>) =>
    (keyFrom: number, keyTo: number, at: number): number => {
      const name: unknown = JSON.parse(json.bytes.toString('utf8', keyFrom - 1, keyTo + 1));
      const walked = special(String(name), at);
      if (walked !== undefined) {
        return walked;
      }
      const end = json.value(at);
      if (end >= 0) {
        values.set(String(name), JSON.parse(json.bytes.toString('utf8', at, end)));
      }
      return end;
    };
}

function nextLink(links: unknown): string | undefined {
  const next = Array.isArray(links)
    ? links.find((link) => isRecord(link) && link['relation'] === 'next')
    : undefined;
  const url: unknown = isRecord(next) ? next['url'] : undefined;
  return typeof url === 'string' ? url : undefined;
}

/** Sound JSON without the white space between its tokens; the same bytes when it is on one line. */
function onOneLine(bytes: Buffer): Buffer {
  if (!bytes.includes(0x0a) && !bytes.includes(0x0d)) {
    return bytes;
  }
  const json = new JsonSkipper(bytes);
  const kept: Buffer[] = [];
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const next = bytes[at] === 0x22 ? json.string(at) : at + 1;
    const spaced = json.space(next);
    if (spaced > next) {
      kept.push(bytes.subarray(from, next));
      from = spaced;
    }
    at = spaced;
  }
  kept.push(bytes.subarray(from));
  return Buffer.concat(kept);
}
