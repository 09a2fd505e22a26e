import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { FhirResource } from '../../shared/mapping/index.ts';
import { MapToolError } from './map-tool-error.ts';

/** Every FHIR resource in the `.json`, `.ndjson` and `.ndjson.gz` files of a folder; bundles are opened. */
export async function readSamples(folder: string): Promise<readonly FhirResource[]> {
  const names = (await readdir(folder)).filter((name) => /\.(json|ndjson|ndjson\.gz)$/.test(name));
  const samples: FhirResource[] = [];
  for (const name of names.sort()) {
    const bytes = await readFile(join(folder, name));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    const documents = name.endsWith('.json') ? [text] : text.split('\n').filter(Boolean);
    for (const [index, document] of documents.entries()) {
      samples.push(...resourcesIn(parse(document, `${name}:${index + 1}`)));
    }
  }
  return samples;
}

function parse(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MapToolError(`${place} is not JSON. Take the file out of the samples folder.`);
  }
}

function resourcesIn(json: unknown): readonly FhirResource[] {
  if (!isResource(json)) return [];
  const { entry } = json;
  if (json.resourceType !== 'Bundle' || !Array.isArray(entry)) return [json];
  return entry.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'resource' in one ? resourcesIn(one.resource) : [],
  );
}

function isResource(value: unknown): value is FhirResource {
  const typed = typeof value === 'object' && value !== null && 'resourceType' in value;
  return typed && typeof value.resourceType === 'string';
}
