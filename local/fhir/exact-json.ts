/**
 * FHIR decimals carry their precision: 1.10 is not 1.1 (R4 datatypes, "decimal").
 * JavaScript numbers do not, so a number that would be written back differently
 * is kept as its own text, in the raw JSON object of ECMAScript that
 * `JSON.stringify` writes out as it was.
 */
const inexactNumber = /[:[,]\s*-?\d+(?:\.\d*0(?!\d)|\.?\d*[eE]|[\d.]{15,})/;

const rawJson: unknown = Reflect.get(JSON, 'rawJSON');
const isRawJson: unknown = Reflect.get(JSON, 'isRawJSON');

/** Parses JSON without loss of decimal precision. Throws SyntaxError for text that is no JSON. */
export function parseExact(text: string): unknown {
  if (!inexactNumber.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key: string, value: unknown, ...context: unknown[]): unknown => {
    if (typeof value !== 'number' || typeof rawJson !== 'function') return value;
    const source = sourceOf(context[0]);
    return source === undefined || source === String(value) ? value : rawJson(source);
  });
}

/** The text of a number that `parseExact` read, or undefined when the value is none. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null || !('rawJSON' in value)) return undefined;
  const isRaw: unknown = typeof isRawJson === 'function' && isRawJson(value);
  return isRaw === true ? String(value.rawJSON) : undefined;
}

/** The value of a number that `parseExact` read, or undefined when the value is none. */
export function numberValue(value: unknown): number | undefined {
  const text = numberText(value);
  return text === undefined ? undefined : Number(text);
}

function sourceOf(context: unknown): string | undefined {
  if (typeof context !== 'object' || context === null || !('source' in context)) return undefined;
  return typeof context.source === 'string' ? context.source : undefined;
}
