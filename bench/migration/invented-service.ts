import type { BlobStore } from '../../shared/bulk/index.ts';
import { inParallel } from '../in-parallel.ts';

export interface InventedFile {
  readonly type: string;
  readonly url: string;
}

/** Versions of one file, and of one millisecond: a service that is used for years has few of them. */
const perFile = 20_000;
const perMillisecond = 4;

/** Writes NDJSON of invented observations, one version each, spread evenly over time. */
export async function writeInventedFiles(
  blobs: BlobStore,
  container: string,
  resources: number,
): Promise<readonly InventedFile[]> {
  await blobs.ensureContainer(container);
  const files = Array.from({ length: Math.ceil(resources / perFile) }, (_, index) => index);
  const written: InventedFile[] = [];
  await inParallel(files, 2, async (file) => {
    const count = Math.min(perFile, resources - file * perFile);
    const lines = Array.from({ length: count }, (_, index) => observation(file * perFile + index));
    const content = Buffer.from(`${lines.join('\n')}\n`);
    const { url } = await blobs.write(container, `Observation-${file}.ndjson`, content);
    written.push({ type: 'Observation', url });
  });
  return written;
}

const firstInstant = Date.parse('2024-01-01T00:00:00.000Z');

/** About 700 bytes, as an observation with one value has. */
function observation(number: number): string {
  const at = new Date(firstInstant + Math.floor(number / perMillisecond)).toISOString();
  return JSON.stringify({
    resourceType: 'Observation',
    id: `observation-${number}`,
    meta: { versionId: '1', lastUpdated: at },
    identifier: [{ system: 'urn:oid:2.16.840.1.113883.3.1', value: String(number) }],
    status: 'final',
    category: [
      {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/observation-category',
            code: 'vital-signs',
          },
        ],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' }] },
    subject: { reference: `Patient/patient-${number % 10_000}` },
    encounter: { reference: `Encounter/encounter-${number % 50_000}` },
    effectiveDateTime: at,
    valueQuantity: {
      value: 50 + (number % 90),
      unit: 'beats/minute',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  });
}
