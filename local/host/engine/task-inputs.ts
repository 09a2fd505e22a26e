/**
 * The text that an activity is called with. The SDK has quoted strings once
 * already; booleans become the texts "True" and "False" on the real host
 * (conformance finding 11); null and undefined are no input at all.
 */
export function activityInput(input: unknown): string | null {
  if (input === undefined || input === null) return null;
  if (typeof input === 'string') return input;
  if (typeof input === 'boolean') return input ? 'True' : 'False';
  return JSON.stringify(input);
}

/** JSON text of a child's or an entity operation's input; undefined is null. */
export function jsonInput(input: unknown): string | null {
  return input === undefined || input === null ? null : JSON.stringify(input);
}
