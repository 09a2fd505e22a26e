import { globSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import { HostError } from '../host-error.ts';
import { readJsonFile } from '../settings/json-file.ts';

export interface AppLocation {
  /** Folder of host.json and package.json. */
  readonly folder: string;
  /** Absolute paths of the modules to load, in order. */
  readonly entries: readonly string[];
}

const manifestSchema = z.looseObject({ main: z.string().optional() });
const entryExtensions = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']);

/**
 * Finds what to load: the given file, or what "main" in the folder's
 * package.json names, which may be a glob as on Azure.
 * @throws HostError APP_NOT_FOUND
 */
export function locateApp(app: string): AppLocation {
  const path = resolve(app);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new HostError(
      'APP_NOT_FOUND',
      `There is no function app at ${path}: give --app a folder with host.json and package.json, or an entry file.`,
    );
  }
  if (stats.isFile()) return { folder: folderOf(path), entries: [path] };
  return { folder: path, entries: entriesOf(path) };
}

/** The nearest folder upwards with a host.json; an entry file may sit in src/functions. */
function folderOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (statSync(join(folder, 'host.json'), { throwIfNoEntry: false })) return folder;
    if (dirname(folder) === folder) return dirname(file);
  }
}

function entriesOf(folder: string): string[] {
  const manifest = readJsonFile(join(folder, 'package.json'), manifestSchema);
  if (manifest === undefined) {
    throw new HostError(
      'APP_NOT_FOUND',
      `${folder} has no package.json: a function app names its entry file there as "main".`,
    );
  }
  const pattern = manifest.main ?? 'index.js';
  const entries = globSync(pattern, { cwd: folder })
    .filter((name) => entryExtensions.has(extname(name)) && !basename(name).endsWith('.d.ts'))
    .sort()
    .map((name) => join(folder, name));
  if (entries.length === 0) {
    throw new HostError(
      'APP_NOT_FOUND',
      `No file matches "main": "${pattern}" of ${join(folder, 'package.json')}.`,
    );
  }
  return entries;
}
