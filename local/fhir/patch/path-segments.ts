import { badRequest } from '../outcome.ts';

/** One part of a patch path. `index` picks among all elements found so far. */
export type Segment =
  | { readonly kind: 'child'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'last' }
  | { readonly kind: 'where'; readonly condition: string }
  | { readonly kind: 'ofType'; readonly type: string };

/** Reads the simple FHIRPath that patches use (FHIR R4 fhirpatch); anything else is refused with 400. */
export function parsePath(path: string): readonly Segment[] {
  return splitAtDots(path).flatMap((part) => parsePart(part.trim(), path));
}

function splitAtDots(path: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let start = 0;
  for (let at = 0; at < path.length; at += 1) {
    const character = path[at];
    if (character === "'" && path[at - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character !== '.' || depth > 0) continue;
    parts.push(path.slice(start, at));
    start = at + 1;
  }
  return [...parts, path.slice(start)];
}

function parsePart(part: string, path: string): readonly Segment[] {
  const indexed = /^(.+?)\[(\d{1,9})\]$/s.exec(part);
  if (indexed?.[1] !== undefined) {
    return [...parsePart(indexed[1], path), { kind: 'index', index: Number(indexed[2]) }];
  }
  if (/^[A-Za-z]\w*$/.test(part)) return [{ kind: 'child', name: part }];
  const call = /^(\w+)\((.*)\)$/s.exec(part);
  const argument = call?.[2]?.trim() ?? '';
  switch (call?.[1]) {
    case 'where':
      return [{ kind: 'where', condition: argument }];
    case 'first':
      return [{ kind: 'index', index: 0 }];
    case 'last':
      return [{ kind: 'last' }];
    case 'ofType':
    case 'as':
      return [{ kind: 'ofType', type: argument.replace(/^FHIR\./, '') }];
    case 'extension':
      return [
        { kind: 'child', name: 'extension' },
        { kind: 'where', condition: `url = ${argument}` },
      ];
    default:
      throw badRequest(
        `The path '${path}' of the patch is not supported; use element names, [n], where(), first(), last(), ofType() and extension().`,
      );
  }
}
