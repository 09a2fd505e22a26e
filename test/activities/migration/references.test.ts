import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closureOf,
  createCheckReferences,
} from '../../../activities/migration/check-references.ts';
import { createDigestChunk } from '../../../activities/migration/digest-chunk.ts';
import {
  createGatherReferences,
  gatheredFiles,
} from '../../../activities/migration/gather-references.ts';
import { proofContainer } from '../../../activities/migration/proof-files.ts';
import { referencesContainer } from '../../../activities/migration/reference-rows.ts';
import { SectionWriter, sectionLines } from '../../../activities/migration/sectioned-files.ts';
import type { Side } from '../../../shared/migration/index.ts';
import {
  closureOfCertificate,
  type MovingServices,
  patientOf,
  put,
  startMovingServices,
} from './moving-services.ts';

let services: MovingServices;
beforeEach(async () => {
  services = await startMovingServices();
});
afterEach(() => services.close());

const observationOf = (id: string, patient: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'weight' },
  subject: { reference: `Patient/${patient}` },
});

/** With a number that the target does not take: the patient ends in quarantine. */
const tooPrecise = (id: string) =>
  JSON.stringify({
    ...patientOf(id),
    extension: [{ url: 'urn:weight', valueDecimal: 0.5 }],
  }).replace('0.5', '0.12345678901234567890123');

async function putText(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/fhir+json' };
  const answer = await fetch(`${url}/Patient/${JSON.parse(body).id}`, {
    method: 'PUT',
    headers,
    body,
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

describe('the references of a certificate', () => {
  it('name what the migration broke, and what pointed nowhere before; old versions and tombstones do not count', async () => {
    const { sourceUrl } = services;
    await put(sourceUrl, patientOf('moved'));
    await putText(sourceUrl, tooPrecise('kept-back'));
    await put(sourceUrl, observationOf('broken', 'kept-back'));
    await put(sourceUrl, observationOf('fine', 'moved'));
    await put(sourceUrl, observationOf('nowhere', 'never-was'));
    await put(sourceUrl, observationOf('mended-later', 'never-was'));
    await put(sourceUrl, observationOf('mended-later', 'moved'));
    const moved = await services.run(await services.start());
    expect(closureOfCertificate(moved)).toEqual({
      ...{ local: 4, elsewhere: 0, broken: 1 },
      brokenExamples: [{ from: 'Observation/broken', to: 'Patient/kept-back' }],
      danglingInSource: 1,
      danglingExamples: [{ from: 'Observation/nowhere', to: 'Patient/never-was' }],
    });
  }, 60_000);
});

describe('in several partitions', () => {
  const lines: Readonly<Record<Side, readonly object[]>> = {
    source: [
      version('Patient', 'a', 1),
      version('Patient', 'b', 1),
      version('Patient', 'gone', 1),
      version('Patient', 'gone', 2, { deleted: true }),
    ],
    target: [
      version('Patient', 'a', 1),
      version('Patient', 'gone', 1),
      version('Patient', 'gone', 2, { deleted: true }),
      version('Observation', 'to-a', 1, { subject: 'Patient/a' }),
      version('Observation', 'to-b', 1, { subject: 'Patient/b' }),
      version('Observation', 'to-gone', 1, { subject: 'Patient/gone' }),
      version('Observation', 'was-to-b', 2, { subject: 'urn:uuid:1' }),
      version('Observation', 'was-to-b', 1, { subject: 'Patient/b' }),
    ],
  };

  it.each([1, 3, 7])(
    'each reference is checked once (%i)',
    async (partitions) => {
      const { deps } = services;
      const migrationId = await services.start();
      for (const container of [proofContainer(migrationId), referencesContainer(migrationId)]) {
        await deps.blobs.ensureContainer(container);
      }
      await deps.store.proofs.put(migrationId, '0000001', {
        ...{ number: 1, mode: 'versions', countVersions: true, boundaries: [], salt: '' },
        ...{ begunAt: '', comparedAt: null, entries: 0, differences: 0, excepted: 0, partitions },
      });
      for (const side of ['source', 'target'] as const) {
        for (const [index, line] of lines[side].entries()) {
          const chunk = index + 1;
          const name = `${side}-${chunk}.ndjson`;
          const content = Buffer.from(JSON.stringify(line));
          const { url } = await deps.blobs.write(referencesContainer(migrationId), name, content);
          const row = String(chunk).padStart(7, '0');
          await deps.store.chunks.put(`${migrationId}!proof-1-${side}`, row, {
            ...{ number: chunk, type: '', requiresAccessToken: false, files: [{ url, count: 1 }] },
          });
          await createDigestChunk(deps)({ migrationId, proof: 1, side, chunk });
        }
      }
      const parts = Array.from({ length: partitions }, (_, index) => index + 1);
      const steps = [createGatherReferences(deps), createCheckReferences(deps)];
      for (const step of steps) {
        for (const partition of parts) await step({ migrationId, proof: 1, partition });
      }
      expect(await closureOf(deps, { migrationId, proof: 1 })).toEqual({
        ...{ local: 3, elsewhere: 1, broken: 1, danglingInSource: 1 },
        brokenExamples: [{ from: 'Observation/to-b', to: 'Patient/b' }],
        danglingExamples: [{ from: 'Observation/to-gone', to: 'Patient/gone' }],
      });
    },
    60_000,
  );

  it('a section is read without the others, whatever the number of files', async () => {
    const { deps } = services;
    const files = gatheredFiles(
      { migrationId: 'sections', proof: 1 },
      { of: 'references', partitions: 5 },
    );
    await deps.blobs.ensureContainer(files.container);
    const long = 'é'.repeat(200_000);
    const writer = new SectionWriter(deps, files);
    for (let line = 0; line < 40; line += 1) {
      if (writer.add(line % 4, `${line} ${long}`)) await writer.flush();
    }
    await writer.flush();
    const read: string[] = [];
    for await (const some of sectionLines(deps, files, 2)) read.push(...some);
    expect(read.map((line) => Number(line.split(' ')[0]))).toEqual([
      2, 6, 10, 14, 18, 22, 26, 30, 34, 38,
    ]);
    expect(new Set(read.map((line) => line.length - long.length))).toEqual(new Set([2, 3]));
    for await (const some of sectionLines(deps, files, 4)) expect(some).toEqual([]);
  }, 60_000);
});

function version(
  resourceType: string,
  id: string,
  versionId: number,
  { deleted = false, subject }: { readonly deleted?: boolean; readonly subject?: string } = {},
): object {
  const extension = [
    {
      url: 'http://azurehealthcareapis.com/data-extensions/deleted-state',
      valueString: 'soft-deleted',
    },
  ];
  return {
    resourceType,
    id,
    meta: {
      versionId: String(versionId),
      lastUpdated: new Date(1_700_000_000_000 + versionId).toISOString(),
      ...(deleted ? { extension } : {}),
    },
    ...(subject === undefined ? {} : { subject: { reference: subject } }),
  };
}
