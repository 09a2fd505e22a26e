import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  compilePack,
  type FhirResource,
  loadMapFiles,
  type MapPack,
  type RootMap,
} from '../../../shared/mapping/index.ts';

export const projectFolder = fileURLToPath(new URL('../../../', import.meta.url));
export const mapsFolder = join(projectFolder, 'maps');

/** Writes map files into a folder of their own for the time of one test. */
export async function withMapsFolder<T>(
  files: Readonly<Record<string, unknown>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'maps-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      const file = join(folder, ...name.split('/'));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function packOf(files: Readonly<Record<string, unknown>>): Promise<MapPack> {
  return withMapsFolder(files, async (folder) => compilePack(await loadMapFiles(folder)));
}

/** A root map over `Basic` resources that holds just the attributes under test. */
export async function rootWith(
  attributes: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<RootMap> {
  const { files = {}, ...entity } = more;
  const pack = await packOf({
    'entity/basic.json': {
      name: 'Basic',
      resource: 'Basic',
      table: 'basic',
      attributes,
      ...entity,
    },
    ...(files as Readonly<Record<string, unknown>>),
  });
  return pack.roots.get('Basic')!;
}

export function basic(elements: Readonly<Record<string, unknown>>): FhirResource {
  return { resourceType: 'Basic', id: '1', ...elements };
}

export async function shippedPack(enabled?: readonly string[]): Promise<MapPack> {
  const files = await loadMapFiles(mapsFolder);
  return compilePack(files, enabled === undefined ? {} : { enabled });
}

/** One of HL7's official R4 examples. */
export function example(name: string): FhirResource {
  const folder = join(projectFolder, 'node_modules', 'hl7.fhir.r4.examples');
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

export function readJsonIfThere(...path: readonly string[]): unknown {
  const file = join(projectFolder, ...path);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
