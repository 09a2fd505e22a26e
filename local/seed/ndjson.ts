import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { consent, consentDecision } from './consent.ts';
import type { FhirResource } from './resource.ts';
import { SeedError } from './seed-error.ts';

/** Referred-to types come before those that refer to them; types not named here come last, by name. */
const typeOrder = [
  ...['Organization', 'Practitioner', 'PractitionerRole', 'Location', 'Device', 'Medication'],
  ...['Patient', 'RelatedPerson', 'Consent', 'Coverage', 'Encounter', 'Condition'],
  ...['AllergyIntolerance', 'Observation', 'ImagingStudy', 'DiagnosticReport', 'Procedure'],
  ...['MedicationRequest', 'Immunization', 'Goal', 'CareTeam', 'CarePlan'],
];

const lineLimitBytes = 10 * 1_048_576;
const newline = 0x0a;

/**
 * Streams the resources of every `*.ndjson` and `*.ndjson.gz` file of a folder
 * (bulk data files, one resource per line; `Patient.ndjson`, `Patient-1.ndjson.gz`).
 * With `consents: 'demo'` most patients get a Consent right after their Patient,
 * split as in generated data: some permitted, some denied, some without.
 * @throws SeedError FOLDER_UNREADABLE, LINE_INVALID (`file:line: problem`)
 */
export async function* readNdjsonFolder(
  folder: string,
  options: { readonly consents?: 'demo' } = {},
): AsyncGenerator<FhirResource> {
  let patients = 0;
  for (const file of await filesInOrder(folder)) {
    for await (const resource of readNdjsonFile(join(folder, file))) {
      yield resource;
      if (options.consents !== 'demo' || resource.resourceType !== 'Patient') continue;
      const decision = consentDecision(patients);
      patients += 1;
      if (decision !== 'absent') yield consent(resource.id, decision);
    }
  }
}

async function filesInOrder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new SeedError('FOLDER_UNREADABLE', `The folder ${folder} cannot be read.`, cause);
  });
  const files = names.filter((name) => /\.ndjson(\.gz)?$/.test(name));
  if (files.length === 0) {
    throw new SeedError(
      'FOLDER_UNREADABLE',
      `The folder ${folder} has no *.ndjson or *.ndjson.gz file.`,
    );
  }
  return files.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(file: string): number {
  const [type = ''] = file.split(/[^A-Za-z]/, 1);
  const place = typeOrder.indexOf(type);
  return place === -1 ? typeOrder.length : place;
}

async function* readNdjsonFile(path: string): AsyncGenerator<FhirResource> {
  const raw = createReadStream(path);
  const unzipped = createGunzip();
  raw.once('error', (problem) => unzipped.destroy(problem));
  const bytes: Readable = path.endsWith('.gz') ? raw.pipe(unzipped) : raw;
  const file = basename(path);
  let number = 0;
  try {
    for await (const line of linesOf(bytes, file)) {
      number += 1;
      const text = line.toString('utf8').trim();
      if (text !== '') yield parseLine(text, `${file}:${number}`);
    }
  } catch (problem) {
    if (problem instanceof SeedError) throw problem;
    throw new SeedError('LINE_INVALID', `${file}:${number + 1}: cannot be read on.`, problem);
  } finally {
    raw.destroy();
    unzipped.destroy();
  }
}

/** Lines as bytes, so that a character cut by a chunk border stays whole. */
async function* linesOf(bytes: Readable, file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let number = 1;
  for await (const chunk of bytes) {
    const buffer: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    let start = 0;
    for (let end = buffer.indexOf(newline); end !== -1; end = buffer.indexOf(newline, start)) {
      yield Buffer.concat([...rest, buffer.subarray(start, end)]);
      rest = [];
      restBytes = 0;
      start = end + 1;
      number += 1;
    }
    rest.push(buffer.subarray(start));
    restBytes += buffer.length - start;
    if (restBytes > lineLimitBytes) {
      throw new SeedError('LINE_INVALID', `${file}:${number}: the line is longer than 10 MB.`);
    }
  }
  if (restBytes > 0) yield Buffer.concat(rest);
}

function parseLine(text: string, place: string): FhirResource {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new SeedError('LINE_INVALID', `${place}: not valid JSON.`);
  }
  if (isFhirResource(parsed)) return parsed;
  throw new SeedError(
    'LINE_INVALID',
    `${place}: not a FHIR resource (an object with resourceType and a valid id).`,
  );
}

/** Ids as FHIR allows them (R4 datatypes, id), because they become part of URLs. */
function isFhirResource(value: unknown): value is FhirResource {
  if (typeof value !== 'object' || value === null) return false;
  const resourceType: unknown = Reflect.get(value, 'resourceType');
  const id: unknown = Reflect.get(value, 'id');
  return (
    typeof resourceType === 'string' &&
    /^[A-Z][A-Za-z]+$/.test(resourceType) &&
    typeof id === 'string' &&
    /^[A-Za-z0-9.-]{1,64}$/.test(id)
  );
}
