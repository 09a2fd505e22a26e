import { createHash } from 'node:crypto';

/** Length of `msemr_azurefhirid` in the healthcare data model (facts/healthcare-maps.md §7). */
const columnLength = 38;

/**
 * The value of a row's FHIR id column. FHIR ids may have 64 characters, the
 * column 38: a longer id is kept as `h-` and 36 characters of its SHA-256, so
 * that no two ids share a key. No FHIR id can be mistaken for one by length alone
 * unless it starts with `h-` and has exactly 38 characters, which is why those
 * are hashed too.
 */
export function fhirKey(id: string): string {
  const fits = id.length <= columnLength && !(id.length === columnLength && id.startsWith('h-'));
  if (fits) return id;
  const digest = createHash('sha256').update(id).digest('base64url');
  return `h-${digest.slice(0, columnLength - 2)}`;
}
