/** The generator's "today": fixed, or the same seed would give other bytes tomorrow. */
const today = Date.UTC(2025, 5, 1, 9);
const dayMilliseconds = 86_400_000;

/** An instant so many days (fractions allowed) before the generator's today. */
export function daysAgo(days: number): string {
  return `${new Date(today - Math.round(days * dayMilliseconds)).toISOString().slice(0, 19)}Z`;
}

export function dateDaysAgo(days: number): string {
  return daysAgo(days).slice(0, 10);
}
