import { numberValue } from '../exact-json.ts';
import { isObject, itemsOf, type Json, type JsonObject, textAt } from '../json.ts';
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
  switch (kind) {
    case 'token':
      return tokenValues(value);
    case 'reference':
      return referenceValues(value);
    case 'uri':
      return typeof value === 'string' ? [{ form: 'code', code: value, system: '' }] : [];
    case 'date':
      return dateValues(value);
    case 'string':
      return textsOf(value).map((text) => ({ form: 'text', text }));
    case 'number':
    case 'quantity':
      return quantityValues(value);
  }
}

/** Case and accents do not count in string search (FHIR R4 search, "string"). */
export function foldText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

function tokenValues(value: Json): readonly IndexValue[] {
  if (typeof value !== 'object' || value === null) return [codeValue(String(value), '')];
  if (!isObject(value)) return [];
  if (value['coding'] !== undefined) return itemsOf(value['coding']).flatMap(tokenValues);
  const code = textAt(value, 'code') ?? textAt(value, 'value');
  return code === undefined ? [] : [codeValue(code, textAt(value, 'system') ?? '')];
}

function codeValue(code: string, system: string): IndexValue {
  return { form: 'code', code, system };
}

function referenceValues(value: Json): readonly IndexValue[] {
  // A canonical is a plain string, and may be as relative as a reference.
  const reference = isObject(value) ? textAt(value, 'reference') : value;
  if (typeof reference !== 'string' || reference.startsWith('#')) return [];
  const target = splitReference(reference);
  return [codeValue(target.id, target.type)];
}

/** A relative reference as type and id; any other kept whole as the id with an empty type. */
export function splitReference(reference: string): { readonly type: string; readonly id: string } {
  const match = /^([A-Z]\w+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference);
  return match?.[1] !== undefined && match[2] !== undefined
    ? { type: match[1], id: match[2] }
    : { type: '', id: reference };
}

function dateValues(value: Json): readonly IndexValue[] {
  if (typeof value === 'string') {
    const range = dateRange(value);
    return range === undefined ? [] : [rangeValue(range.low, range.high)];
  }
  if (!isObject(value)) return [];
  if (value['event'] !== undefined) return itemsOf(value['event']).flatMap(dateValues);
  const start = dateRange(textAt(value, 'start') ?? '');
  const end = dateRange(textAt(value, 'end') ?? '');
  if (start === undefined && end === undefined) return [];
  return [rangeValue(start?.low ?? openLow, end?.high ?? openHigh)];
}

function rangeValue(low: number, high: number, code = '', system = ''): IndexValue {
  return { form: 'range', low, high, code, system };
}

function quantityValues(value: Json): readonly IndexValue[] {
  const bare = numberValue(value);
  if (bare !== undefined) return [rangeValue(bare, bare)];
  if (!isObject(value)) return [];
  const amount = numberValue(value['value']);
  if (amount !== undefined) {
    const code = textAt(value, 'code') ?? textAt(value, 'unit') ?? textAt(value, 'currency') ?? '';
    return [rangeValue(amount, amount, code, textAt(value, 'system') ?? '')];
  }
  const low = amountOf(value['low']);
  const high = amountOf(value['high']);
  return low === undefined && high === undefined
    ? []
    : [rangeValue(low ?? openLow, high ?? openHigh)];
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
function textsOf(value: Json): readonly string[] {
  if (typeof value === 'string') return [value];
  if (!isObject(value)) return [];
  return textParts.flatMap((part) => stringsAt(value, part));
}

function stringsAt(value: JsonObject, part: string): readonly string[] {
  return itemsOf(value[part]).filter((item) => typeof item === 'string');
}
