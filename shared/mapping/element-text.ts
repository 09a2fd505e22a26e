import type { TextType } from './map-source.ts';
import { isRecord } from './record.ts';

type Element = Readonly<Record<string, unknown>>;

/**
 * One line of text for an element of a FHIR data type; undefined when it holds
 * nothing to show. What is not an object is given back as it is, so that the
 * column's own conversion says what is wrong with it.
 */
export function elementText(value: unknown, type: TextType): unknown {
  if (!isRecord(value)) return value;
  const text = writers[type](value);
  return text === '' ? undefined : text;
}

const writers: Record<TextType, (element: Element) => string> = {
  HumanName: (name) =>
    plain(name['text']) || spaced(name['prefix'], name['given'], name['family'], name['suffix']),
  Address: (address) =>
    plain(address['text']) ||
    [
      ...list(address['line']),
      spaced(address['postalCode'], address['city']),
      ...['district', 'state', 'country'].map((key) => plain(address[key])),
    ]
      .filter(Boolean)
      .join(', '),
  ContactPoint: ({ value }) => plain(value),
  Period: ({ start, end }) =>
    plain(start) || plain(end) ? `${plain(start) || '..'}/${plain(end) || '..'}` : '',
  Quantity: quantity,
  Range: ({ low, high }) => between(nested(low, quantity), nested(high, quantity), ' – '),
  Ratio: ({ numerator, denominator }) =>
    between(nested(numerator, quantity), nested(denominator, quantity), ' / '),
  Money: ({ value, currency }) => spaced(value, currency),
  CodeableConcept: ({ text, coding }) =>
    plain(text) || nested(Array.isArray(coding) ? coding[0] : undefined, codingText),
  Coding: codingText,
  Reference: ({ display, reference }) => plain(display) || plain(reference),
  Identifier: ({ value }) => plain(value),
  Annotation: ({ text }) => plain(text),
};

function quantity({ comparator, value, unit, code }: Element): string {
  const number = plain(value);
  return number === '' ? '' : `${plain(comparator)}${spaced(number, plain(unit) || plain(code))}`;
}

function codingText({ display, code }: Element): string {
  return plain(display) || plain(code);
}

function nested(value: unknown, write: (element: Element) => string): string {
  return isRecord(value) ? write(value) : '';
}

/** An open end is shown as such: a range that lacks one must not read like a single value. */
function between(first: string, second: string, separator: string): string {
  return first || second ? `${first || '..'}${separator}${second || '..'}` : '';
}

function spaced(...values: readonly unknown[]): string {
  return values.flatMap(list).join(' ');
}

function list(value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.map(plain).filter(Boolean);
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
