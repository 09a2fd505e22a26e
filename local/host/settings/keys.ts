import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonFile } from './json-file.ts';

export interface HostKeys {
  /** Opens everything, /admin too. */
  readonly master: string;
  /** Opens functions of level "function". */
  readonly function: string;
  /** Opens the webhooks of extensions: Event Grid and durable management. */
  readonly system: string;
}

const schema = z.object({ master: z.string(), function: z.string(), system: z.string() });

/** Keys given by the caller, else those kept in the data folder, else new ones, which are then kept there. */
export function provideKeys(dataFolder: string | undefined, given: Partial<HostKeys>): HostKeys {
  const file = dataFolder === undefined ? undefined : join(dataFolder, 'host-keys.json');
  const kept = file === undefined ? undefined : readJsonFile(file, schema);
  const keys = kept ?? { master: newKey(), function: newKey(), system: newKey() };
  if (file !== undefined && kept === undefined) keep(file, keys);
  return {
    master: given.master ?? keys.master,
    function: given.function ?? keys.function,
    system: given.system ?? keys.system,
  };
}

/** Written whole and then renamed: a process killed halfway must not leave half a file. */
function keep(file: string, keys: HostKeys): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(keys, undefined, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function newKey(): string {
  return randomBytes(40).toString('base64url');
}

/** Compares without telling by its duration how much was right. */
export function sameKey(offered: string, key: string): boolean {
  const left = Buffer.from(offered);
  const right = Buffer.from(key);
  return left.length === right.length && timingSafeEqual(left, right);
}
