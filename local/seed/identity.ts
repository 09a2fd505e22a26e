import { createHash } from 'node:crypto';

/** A UUID-shaped id that depends on nothing but its parts, so every machine and every run agrees on it. */
export function uuidOf(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(parts.join('/')).digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `5${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/** A 32-bit seed for the random stream of one patient or one set of shared resources. */
export function seedOf(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('/')).digest().readUInt32BE(0);
}

export function patientIdOf(seed: number, index: number): string {
  return uuidOf(seed, 'Patient', index);
}
