/**
 * The text that an activity is called with. The SDK has quoted strings once
 * already; booleans become the texts "True" and "False" on the real host
 * (conformance finding 11); null and undefined are no input at all.
 */
export function activityInput(input: unknown): string | null {
  if (input === undefined || input === null) return null;
  if (typeof input === 'string') return input;
  if (typeof input === 'boolean') return input ? 'True' : 'False';
  return jsonText(input);
}

const lineSeparators = /[\u0085\u2028\u2029]/g;

/** JSON as .NET writes it: the separators that JavaScript leaves alone are escaped. */
function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    lineSeparators,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON text of a result or of a child's or an entity operation's input; undefined is null. */
export function jsonInput(input: unknown): string | null {
  return input === undefined || input === null ? null : jsonText(input);
}
