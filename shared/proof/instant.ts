import { AppError } from '../errors.ts';
import type { VersionEntry } from './contract.ts';

/** `YYYY-MM-DDThh:mm:ss`, with any fraction, and a zone: the FHIR type instant. */
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970, what is finer cut off; undefined when the text is no instant. */
export function parseInstant(text: string): number | undefined {
  if (!instant.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/**
 * Milliseconds of lastUpdated; undefined without one.
 * @throws AppError INPUT_INVALID for a lastUpdated that is no instant
 */
export function instantOf(entry: VersionEntry): number | undefined {
  if (entry.lastUpdated === undefined) return undefined;
  const milliseconds = parseInstant(entry.lastUpdated);
  if (milliseconds !== undefined) return milliseconds;
  const reference = `${entry.resourceType}/${entry.id}`;
  throw new AppError('INPUT_INVALID', `meta.lastUpdated of ${reference} is no FHIR instant`, {
    details: { reference },
  });
}
