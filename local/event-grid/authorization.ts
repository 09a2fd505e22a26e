import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { EventGridError } from './event-grid-error.ts';

/** What publishers may prove themselves with; both undefined accepts everybody. */
export interface PublisherSecrets {
  /** Sent as `aeg-sas-key`. */
  readonly key: string | undefined;
  /** Access tokens of callers that are allowed to send, as `Authorization: Bearer`. */
  readonly tokens: readonly string[] | undefined;
}

/**
 * Lets a publisher with the key of the topic or a known Entra token pass.
 * @throws EventGridError 401
 */
export function checkPublisher(headers: IncomingHttpHeaders, secrets: PublisherSecrets): void {
  const { key, tokens } = secrets;
  if (key === undefined && tokens === undefined) return;
  const givenKey = headers['aeg-sas-key'];
  const givenToken = /^bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (typeof givenKey === 'string') {
    if (key !== undefined && isEqual(givenKey, key)) return;
    throw unauthorized('The key in aeg-sas-key is not the key of this topic.');
  }
  if (givenToken !== undefined) {
    if (tokens?.some((token) => isEqual(givenToken, token))) return;
    throw unauthorized('The bearer token is none that this topic accepts.');
  }
  throw unauthorized(
    'Request must contain the header aeg-sas-key with the key of this topic, or Authorization with a bearer token.',
  );
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function unauthorized(message: string): EventGridError {
  return new EventGridError(401, 'Unauthorized', message);
}
