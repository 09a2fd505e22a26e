import { numberValue } from '../exact-json.ts';
import { isObject, itemsOf, type Json, textAt } from '../json.ts';
import { dateRange } from './date-range.ts';
import type { ParameterKind } from './parameters.ts';

/** What one element contributes to the search index; each form goes to its own table. */
export type IndexValue =
  | { readonly form: 'code'; readonly code: string; readonly system: string }
  | {
      readonly form: 'range';
      readonly low: number;
      readonly high: number;
      readonly code: string;
      readonly system: string;
    }
  | { readonly form: 'text'; readonly text: string };

/** Bounds that stand for "open": every instant and quantity of practice lies between them. */
export const openLow = -8.64e15;
export const openHigh = 8.64e15;

/** Converts one selected element as FHIR R4 search prescribes for the kind of parameter. */
export function indexValues(kind: ParameterKind, value: Json): readonly IndexValue[] {
  const found: IndexValue[] = [];
  addIndexValues(kind, value, found);
  return found;
}

/** The same, added to `found`: every write does this some twenty times. */
export function addIndexValues(kind: ParameterKind, value: Json, found: IndexValue[]): void {
  switch (kind) {
    case 'token':
      addTokens(value, found);
      return;
    case 'reference':
      addReference(value, found);
      return;
    case 'uri':
      if (typeof value === 'string') found.push(codeValue(value, ''));
      return;
    case 'date':
      addDates(value, found);
      return;
    case 'string':
      addTexts(value, found);
      return;
    case 'number':
    case 'quantity':
      addQuantity(value, found);
  }
}

const onlyAscii = /^[ -~]*$/;

/** Case and accents do not count in string search (FHIR R4 search, "string"). */
export function foldText(text: string): string {
  if (onlyAscii.test(text)) return text.toLowerCase();
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function addTokens(value: Json, found: IndexValue[]): void {
  if (typeof value !== 'object' || value === null) {
    found.push(codeValue(String(value), ''));
    return;
  }
  if (!isObject(value)) return;
  const { coding } = value;
  if (coding !== undefined) {
    for (const one of itemsOf(coding)) addTokens(one, found);
    return;
  }
  const code = textAt(value, 'code') ?? textAt(value, 'value');
  if (code !== undefined) found.push(codeValue(code, textAt(value, 'system') ?? ''));
}

function codeValue(code: string, system: string): IndexValue {
  return { form: 'code', code, system };
}

function addReference(value: Json, found: IndexValue[]): void {
  // A canonical is a plain string, and may be as relative as a reference.
  const reference = isObject(value) ? textAt(value, 'reference') : value;
  if (typeof reference !== 'string' || reference.startsWith('#')) return;
  const target = splitReference(reference);
  found.push(codeValue(target.id, target.type));
}

/** A relative reference as type and id; any other kept whole as the id with an empty type. */
export function splitReference(reference: string): { readonly type: string; readonly id: string } {
  const match = /^([A-Z]\w+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference);
  return match?.[1] !== undefined && match[2] !== undefined
    ? { type: match[1], id: match[2] }
    : { type: '', id: reference };
}

function addDates(value: Json, found: IndexValue[]): void {
  if (typeof value === 'string') {
    const range = dateRange(value);
    if (range !== undefined) found.push(rangeValue(range.low, range.high));
    return;
  }
  if (!isObject(value)) return;
  if (value['event'] !== undefined) {
    for (const event of itemsOf(value['event'])) addDates(event, found);
    return;
  }
  const start = dateRange(textAt(value, 'start') ?? '');
  const end = dateRange(textAt(value, 'end') ?? '');
  if (start === undefined && end === undefined) return;
  found.push(rangeValue(start?.low ?? openLow, end?.high ?? openHigh));
}

function rangeValue(low: number, high: number, code = '', system = ''): IndexValue {
  return { form: 'range', low, high, code, system };
}

function addQuantity(value: Json, found: IndexValue[]): void {
  const bare = numberValue(value);
  if (bare !== undefined) found.push(rangeValue(bare, bare));
  if (bare !== undefined || !isObject(value)) return;
  const amount = numberValue(value['value']);
  if (amount !== undefined) {
    const code = textAt(value, 'code') ?? textAt(value, 'unit') ?? textAt(value, 'currency') ?? '';
    found.push(rangeValue(amount, amount, code, textAt(value, 'system') ?? ''));
    return;
  }
  const low = amountOf(value['low']);
  const high = amountOf(value['high']);
  if (low === undefined && high === undefined) return;
  found.push(rangeValue(low ?? openLow, high ?? openHigh));
}

function amountOf(value: Json | undefined): number | undefined {
  return isObject(value) ? numberValue(value['value']) : undefined;
}

const textParts = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
];

/** A string itself, or the parts of a HumanName or Address that string search covers. */
function addTexts(value: Json, found: IndexValue[]): void {
  if (typeof value === 'string') found.push({ form: 'text', text: value });
  if (!isObject(value)) return;
  for (const part of textParts) {
    for (const text of itemsOf(value[part])) {
      if (typeof text === 'string') found.push({ form: 'text', text });
    }
  }
}
