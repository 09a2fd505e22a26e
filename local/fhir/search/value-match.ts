import { dateRange } from './date-range.ts';
import { foldText, type IndexValue, splitReference } from './index-values.ts';
import type { ParameterKind } from './parameters.ts';
import { precision, splitPrefix } from './prefix.ts';

/**
 * Whether one index value matches the text of a search, by the same rules as
 * the SQL of `criterionOf`. For composite parameters, whose components must
 * match together within one element, which the index rows cannot tell.
 */
export function matchesText(kind: ParameterKind, value: IndexValue, text: string): boolean {
  switch (value.form) {
    case 'code':
      return kind === 'reference' ? matchesReference(value, text) : matchesToken(value, text);
    case 'text':
      return foldText(value.text).startsWith(foldText(text));
    case 'range':
      return kind === 'date' ? matchesDate(value, text) : matchesQuantity(value, text);
  }
}

type CodeValue = Extract<IndexValue, { form: 'code' }>;
type RangeValue = Extract<IndexValue, { form: 'range' }>;

function matchesToken(value: CodeValue, text: string): boolean {
  const bar = text.indexOf('|');
  if (bar < 0) return value.code === text;
  const code = text.slice(bar + 1);
  return value.system === text.slice(0, bar) && (code === '' || value.code === code);
}

function matchesReference(value: CodeValue, text: string): boolean {
  const { type, id } = splitReference(text);
  return value.code === id && (type === '' || value.system === type);
}

function matchesDate(value: RangeValue, text: string): boolean {
  const { prefix, rest } = splitPrefix(text);
  const range = dateRange(rest);
  if (range === undefined) return false;
  const margin = Math.abs(Date.now() - range.low) * 0.1;
  return compares(value, { prefix, ...range, margin });
}

function matchesQuantity(value: RangeValue, text: string): boolean {
  const { prefix, rest } = splitPrefix(text);
  const [amount = '', system, code] = rest.split('|');
  const number = Number(amount);
  if (amount === '' || Number.isNaN(number)) return false;
  if (system && value.system !== system) return false;
  if (code && value.code !== code) return false;
  const half = prefix === 'eq' || prefix === 'ne' ? precision(amount) : 0;
  const margin = Math.abs(number) * 0.1;
  return compares(value, { prefix, low: number - half, high: number + half, margin });
}

interface Compared {
  readonly prefix: ReturnType<typeof splitPrefix>['prefix'];
  readonly low: number;
  readonly high: number;
  readonly margin: number;
}

function compares(value: RangeValue, { prefix, low, high, margin }: Compared): boolean {
  switch (prefix) {
    case 'eq':
      return value.low >= low && value.high <= high;
    case 'ne':
      return value.low < low || value.high > high;
    case 'gt':
      return value.high > high;
    case 'lt':
      return value.low < low;
    case 'ge':
      return value.high >= low;
    case 'le':
      return value.low <= high;
    case 'sa':
      return value.low > high;
    case 'eb':
      return value.high < low;
    case 'ap':
      return value.low <= high + margin && value.high >= low - margin;
  }
}
