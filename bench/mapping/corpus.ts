import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { generatePatients, generateShared } from '../../local/seed/index.ts';
import type { MapPack } from '../../shared/mapping/index.ts';

export interface Corpus {
  readonly name: string;
  /** One resource each, as it comes over the wire. */
  readonly lines: readonly string[];
}

/** Beside the project, where there is one; nothing depends on it. */
const project = fileURLToPath(new URL('../../', import.meta.url));
const synthea = join(project, '..', 'shared', 'data', 'synthea-88');

/** Every Synthea resource of a mapped type if the data is there, otherwise resources of our own generator. */
export function corpus(pack: MapPack, scale: number): Corpus {
  const found = existsSync(synthea);
  const all = found ? syntheaLines(pack) : seededLines(pack);
  const every = Math.max(1, Math.round(1 / scale));
  return {
    name: found ? 'Synthea, 88 patients' : 'generated, 100 patients',
    lines: all.filter((_line, index) => index % every === 0),
  };
}

function syntheaLines(pack: MapPack): readonly string[] {
  return readdirSync(synthea)
    .filter((file) => file.endsWith('.ndjson.gz') && pack.roots.has(file.split('.')[0] ?? ''))
    .flatMap((file) =>
      gunzipSync(readFileSync(join(synthea, file)))
        .toString('utf8')
        .split('\n')
        .filter(Boolean),
    );
}

function seededLines(pack: MapPack): readonly string[] {
  const patients = [...generatePatients({ patients: 100, seed: 1 })];
  return [...generateShared(1), ...patients.flatMap(({ resources }) => resources)]
    .filter(({ resourceType }) => pack.roots.has(resourceType))
    .map((resource) => JSON.stringify(resource));
}
