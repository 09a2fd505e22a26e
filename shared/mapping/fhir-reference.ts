import { isRecord } from './record.ts';

/** What a FHIR Reference points to, as far as it can be told from the resource alone. */
export type FhirReference =
  | { readonly kind: 'target'; readonly resourceType: string; readonly id: string }
  | { readonly kind: 'unresolvable'; readonly resourceType?: string; readonly why: string };

/** Whether the text is a logical id, `[A-Za-z0-9.-]{1,64}`; a loop, because this runs per column. */
function isLogicalId(text: string): boolean {
  if (text.length === 0 || text.length > 64) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (idCharacters[text.charCodeAt(index)] !== 1) return false;
  }
  return true;
}

/** 1 at the code of every character that an id may hold. */
const idCharacters = new Uint8Array(128);
for (let code = 0; code < idCharacters.length; code += 1) {
  if (/[A-Za-z0-9.-]/.test(String.fromCharCode(code))) idCharacters[code] = 1;
}

/** Sets the bit that tells upper from lower case before comparing with a and z. */
function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function isTypeName(text: string): boolean {
  if (text.length < 2 || text.charCodeAt(0) > 0x5a) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (!isLetter(text.charCodeAt(index))) return false;
  }
  return true;
}

/** Reads a Reference element; absolute URLs count as ours only below `baseUrl` (no trailing slash). */
export function readReference(
  element: unknown,
  baseUrl: string | undefined,
): FhirReference | undefined {
  if (!isRecord(element)) return undefined;
  const { reference, type } = element;
  const declared = typeof type === 'string' ? { resourceType: type } : {};
  if (typeof reference !== 'string') {
    const logical = element['identifier'] !== undefined;
    return logical ? { kind: 'unresolvable', why: 'a logical reference', ...declared } : undefined;
  }
  const own =
    baseUrl !== undefined && reference.startsWith(`${baseUrl}/`)
      ? reference.slice(baseUrl.length + 1)
      : reference;
  const target = relativeTarget(own);
  if (target !== undefined) return target;
  return { kind: 'unresolvable', why: describe(reference), ...typeIn(reference, declared) };
}

interface Remembered {
  text: string;
  readonly type: unknown;
  readonly reference: FhirReference | undefined;
}

/** References remembered, a power of two: those of one resource and of the few that come with it. */
const remembered = 1024;

/**
 * A reader that remembers the last references: several columns share one element,
 * each for its own types, and resources that come together share a patient.
 */
export function referenceReader(
  baseUrl: string | undefined,
): (element: unknown) => FhirReference | undefined {
  const memory: (Remembered | undefined)[] = Array.from({ length: remembered }, () => undefined);
  let last: Remembered | undefined;
  return (element) => {
    if (!isRecord(element)) return undefined;
    const text = element['reference'];
    if (typeof text !== 'string' || text.length === 0) return readReference(element, baseUrl);
    if (last !== undefined && isOf(last, text, element)) return last.reference;
    const slot = slotOf(text);
    const known = memory[slot];
    if (known !== undefined && isOf(known, text, element)) {
      // The same string object next time, as other columns of this resource have it, compares at once.
      known.text = text;
      last = known;
      return known.reference;
    }
    const reference = readReference(element, baseUrl);
    last = { text, type: element['type'], reference };
    memory[slot] = last;
    return reference;
  };
}

/** The declared type says something only where the text does not tell the target. */
function isOf(
  { text, type, reference }: Remembered,
  wanted: string,
  element: Readonly<Record<string, unknown>>,
): boolean {
  return text === wanted && (reference?.kind === 'target' || type === element['type']);
}

/** Ids differ most at their ends. */
function slotOf(text: string): number {
  const { length } = text;
  const end = text.charCodeAt(length - 1) * 31 + text.charCodeAt(length - 2);
  return (end * 31 + text.charCodeAt(length - 3) + text.charCodeAt(0)) & (remembered - 1);
}

/** `Type/id` or `Type/id/_history/version`, without regular expression captures: this runs per column. */
function relativeTarget(own: string): FhirReference | undefined {
  const slash = own.indexOf('/');
  if (slash < 1) return undefined;
  const next = own.indexOf('/', slash + 1);
  const id = next < 0 ? own.slice(slash + 1) : own.slice(slash + 1, next);
  const resourceType = own.slice(0, slash);
  const versioned = next < 0 || own.startsWith('/_history/', next);
  return versioned && isTypeName(resourceType) && isLogicalId(id)
    ? { kind: 'target', resourceType, id }
    : undefined;
}

function describe(reference: string): string {
  if (reference.startsWith('#')) return 'a contained resource';
  if (reference.startsWith('urn:')) return 'a URN';
  if (reference.includes('?')) return 'a conditional reference';
  return /^https?:/.test(reference) ? 'a resource of another service' : 'not a resource address';
}

function typeIn(
  reference: string,
  declared: { readonly resourceType?: string },
): { readonly resourceType?: string } {
  const found = /(?:^|\/)([A-Z][A-Za-z]+)(?:\/[A-Za-z0-9.-]{1,64}|\?[^/]*)$/.exec(reference)?.[1];
  return found === undefined ? declared : { resourceType: found };
}
