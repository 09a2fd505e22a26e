import { createHmac } from 'node:crypto';
import type { Json } from '../../json.ts';
import type { AnonymizationConfig, AnonymizationMethod } from './rules.ts';

export interface PrimitiveUse {
  readonly config: AnonymizationConfig;
  readonly method: AnonymizationMethod;
  /** FHIR type of the element, such as `date`; of a reference text `reference`. */
  readonly type: string;
  /** Days by which dates of this resource move. */
  readonly shiftDays: number;
}

/** A primitive as it leaves the service, or undefined when it does not. */
export function transformPrimitive(value: Json, use: PrimitiveUse): Json | undefined {
  switch (use.method) {
    case 'keep':
      return value;
    case 'redact':
      return redacted(value, use);
    case 'cryptoHash':
      return hashed(value, use);
    case 'dateShift':
      return isDate(use.type) && typeof value === 'string' ? shifted(value, use) : value;
  }
}

/** Days from -50 to 50, the same for all dates in the scope of the key. */
export function shiftDaysOf(key: string, scope: string): number {
  const digest = createHmac('sha256', key).update(scope).digest();
  return (digest.readUInt32BE(0) % 101) - 50;
}

function redacted(value: Json, { config, type }: PrimitiveUse): Json | undefined {
  const keepsYear = config.parameters.enablePartialDatesForRedact && /^date(Time)?$/.test(type);
  return keepsYear && typeof value === 'string' ? value.slice(0, 4) : undefined;
}

/** Hashes the id of a reference only, so that it still leads to the hashed resource. */
function hashed(value: Json, { config, type }: PrimitiveUse): Json {
  const hash = (text: string) =>
    createHmac('sha256', config.parameters.cryptoHashKey).update(text).digest('hex');
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const reference =
    type === 'reference' ? /^(.*[A-Z]\w+\/)([A-Za-z0-9\-.]{1,64})$/.exec(text) : null;
  return reference === null ? hash(text) : `${reference[1]}${hash(reference[2] ?? '')}`;
}

function isDate(type: string): boolean {
  return type === 'date' || type === 'dateTime' || type === 'instant';
}

/** Moves whole dates by days and clears times; a year or a month alone cannot move and goes. */
function shifted(value: string, { shiftDays }: PrimitiveUse): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(T.*?)?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (match?.[1] === undefined) return undefined;
  const day = new Date(Date.parse(match[1]) + shiftDays * 86_400_000).toISOString().slice(0, 10);
  return match[2] === undefined ? day : `${day}T00:00:00${match[3] ?? ''}`;
}
