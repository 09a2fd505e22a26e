const dateOnly = /^\d{4}-\d{2}-\d{2}$/;
const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/i;

/** UTC text to the second, as Dataverse keeps it, or undefined for what is no date. */
export function utcText(text: string): string | undefined {
  if (!dateOnly.test(text) && !dateTime.test(text)) {
    return undefined;
  }
  const hasZone = dateOnly.test(text) || /(Z|[+-]\d{2}:\d{2})$/i.test(text);
  const milliseconds = Date.parse(hasZone ? text : `${text}Z`);
  if (Number.isNaN(milliseconds)) {
    return undefined;
  }
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** `YYYY-MM-DD`, or undefined for what is no date. */
export function dayText(text: string): string | undefined {
  return utcText(text)?.slice(0, 10);
}

/** Dataverse keeps no date before 1753. */
export function isTooEarly(text: string): boolean {
  return text < '1753-01-01';
}
