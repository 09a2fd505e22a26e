import { AppError } from '../errors.ts';
import type { DigestSettings } from './contract.ts';
import { parseInstant } from './instant.ts';

/** Buckets that keep memory small: many of one window, fewer of each when windows are many. */
export function defaultBuckets(windows: number): number {
  if (windows <= 4) return 4096;
  return windows <= 32 ? 1024 : 256;
}

/** @throws AppError CONFIG_INVALID naming the setting and what it may be */
export function digestSettings(given: Partial<DigestSettings>): DigestSettings {
  const mode = given.mode ?? 'versions';
  const boundaries = given.boundaries ?? [];
  const settings = {
    mode,
    boundaries,
    buckets: given.buckets ?? defaultBuckets(boundaries.length + 1),
    salt: given.salt ?? '',
    countVersions: given.countVersions ?? true,
  };
  const problem = problemOf(settings);
  if (problem !== undefined) throw new AppError('CONFIG_INVALID', `digest: ${problem}`);
  return settings;
}

function problemOf(settings: DigestSettings): string | undefined {
  const { buckets, boundaries, salt } = settings;
  if (buckets < 1 || buckets > 4096 || !Number.isInteger(Math.log2(buckets))) {
    return 'buckets must be a power of two from 1 to 4,096';
  }
  const instants = boundaries.map((text) => parseInstant(text) ?? Number.NaN);
  if (
    !instants.every((at, index) =>
      index === 0 ? !Number.isNaN(at) : at > (instants[index - 1] ?? at),
    )
  ) {
    return 'boundaries must be FHIR instants, each later than the one before';
  }
  if (!/^(?:[0-9a-f]{2}){0,32}$/.test(salt)) return 'salt must be up to 64 hexadecimal digits';
  if (settings.mode === 'versions' && !settings.countVersions) {
    return 'countVersions can be false in mode current only';
  }
  return undefined;
}

export function sameSettings(left: DigestSettings, right: DigestSettings): boolean {
  return settingsText(left) === settingsText(right);
}

/** @throws AppError INPUT_INVALID */
export function demandSameSettings(left: DigestSettings, right: DigestSettings): void {
  if (sameSettings(left, right)) return;
  throw new AppError('INPUT_INVALID', 'digests of different settings have nothing in common');
}

function settingsText(settings: DigestSettings): string {
  const { mode, boundaries, buckets, salt, countVersions } = settings;
  const instants = boundaries.map((text) => parseInstant(text) ?? 0);
  return JSON.stringify([mode, instants, buckets, salt, countVersions]);
}
