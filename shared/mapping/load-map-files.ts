import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { z } from 'zod';
import { checkMapFiles } from './check-map-files.ts';
import { describeIssue } from './describe-issue.ts';
import { type MapFileProblem, pointerStep, refuseMapFiles } from './map-file-problem.ts';
import type { MapFile, MapFiles } from './map-files.ts';
import { entityMapSchema, expansionMapSchema, packSchema, valueMapSchema } from './map-language.ts';

/** A map file, read but not parsed. */
export interface ReadJson {
  readonly file: string;
  readonly json: unknown;
}

const folders = ['entity', 'expansion', 'values', 'packs'];

/**
 * Reads every map file below a folder. Throws MAP_PACK_INVALID that lists all
 * problems of all files as `file#/json/pointer: problem. Remedy.`
 */
export async function loadMapFiles(folder: string): Promise<MapFiles> {
  const problems: MapFileProblem[] = [];
  return parseFound(await readJsonFiles(folder, problems), problems);
}

/**
 * The same for files that are in hand already, such as stored versions: `file` is
 * the path below the maps folder. Throws MAP_PACK_INVALID like `loadMapFiles`.
 */
export function parseMapFiles(files: readonly ReadJson[]): MapFiles {
  return parseFound(files, []);
}

function parseFound(found: readonly ReadJson[], problems: MapFileProblem[]): MapFiles {
  const inFolder = <T>(name: string, schema: z.ZodType<T>): readonly MapFile<T>[] =>
    found
      .filter(({ file }) => file.startsWith(`${name}/`))
      .flatMap((read) => parseFile(read, schema, problems));
  const files: MapFiles = {
    entities: inFolder('entity', entityMapSchema),
    expansions: inFolder('expansion', expansionMapSchema),
    values: inFolder('values', valueMapSchema),
    packs: inFolder('packs', packSchema),
  };
  const broken = problems.length > 0;
  problems.push(...checkMapFiles(files).filter((problem) => !broken || isLocal(problem)));
  if (problems.length > 0) refuseMapFiles(problems);
  return files;
}

/** With unreadable files about, a name that leads nowhere may be their fault: only say what is sure. */
function isLocal({ pointer }: MapFileProblem): boolean {
  return !/\/(expansion|values|enabled\/\d+)$/.test(pointer);
}

async function readJsonFiles(
  folder: string,
  problems: MapFileProblem[],
): Promise<readonly ReadJson[]> {
  const paths = await listJsonFiles(folder, problems);
  const read = await Promise.all(
    paths.map(async (path): Promise<readonly ReadJson[]> => {
      const file = relative(folder, path).split(sep).join('/');
      if (!folders.includes(file.split('/')[0] ?? '')) {
        if (file !== 'map.schema.json') problems.push(strayFile(file));
        return [];
      }
      return parseJson(file, await readFile(path, 'utf8'), problems);
    }),
  );
  return read.flat();
}

async function listJsonFiles(
  folder: string,
  problems: MapFileProblem[],
): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    problems.push({
      file: '.',
      pointer: '',
      problem: 'the maps folder cannot be read',
      remedy: 'Name a folder that holds entity, expansion, values and packs',
    });
    return [];
  }
}

function strayFile(file: string): MapFileProblem {
  return {
    file,
    pointer: '',
    problem: 'the file is in no folder of maps',
    remedy: `Move it to one of ${folders.join(', ')}`,
  };
}

function parseJson(file: string, text: string, problems: MapFileProblem[]): readonly ReadJson[] {
  try {
    return [{ file, json: JSON.parse(text) }];
  } catch {
    problems.push({
      file,
      pointer: '',
      problem: 'the file is not JSON',
      remedy: 'Check commas, quotes and brackets; comments are not allowed',
    });
    return [];
  }
}

function parseFile<T>(
  { file, json }: ReadJson,
  schema: z.ZodType<T>,
  problems: MapFileProblem[],
): readonly MapFile<T>[] {
  const parsed = schema.safeParse(json);
  if (parsed.success) return [{ file, content: parsed.data }];
  for (const issue of parsed.error.issues) {
    const { problem, remedy } = describeIssue(issue);
    problems.push({ file, pointer: issue.path.map(pointerStep).join(''), problem, remedy });
  }
  return [];
}
