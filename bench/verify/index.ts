import { createHash, hash } from 'node:crypto';
import process from 'node:process';
import { createDigest, createResourceScanner, writeDigest } from '../../shared/proof/index.ts';
import { BenchError } from '../bench-error.ts';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { packageVersion } from '../package-version.ts';
import { type Corpus, corpora } from './corpus.ts';

const rounds = 9;
const unit = 'resources/s of one core';

/** What a verification costs per resource, beside the least that any could cost. */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  const rows = corpora(scale).flatMap((corpus) => {
    say(`${corpus.name}: ${corpus.lines.length} resources`);
    return measure(corpus);
  });
  say('memory');
  return {
    versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
    rows: [...rows, memoryRow(scale)],
    notes: [
      `Ours: read the line, canonical form, SHA-256, digest by type and bucket. Median of ${rounds} rounds of processor time of one process, after a warm-up; processor time, so that other programs on the machine count for less.`,
      'SHA-256 hashes the same bytes as they are, which tells nothing of two servers that write JSON differently. JSON.parse only reads; the plain way parses, sorts, prints and hashes, and takes 1.0 for 1.',
    ],
  };
}

function measure({ name, lines }: Corpus): readonly Row[] {
  const rate = (work: (line: Buffer) => unknown): number => {
    const times: number[] = [];
    for (let round = -2; round < rounds; round += 1) {
      const began = process.cpuUsage();
      for (const line of lines) work(line);
      const { user, system } = process.cpuUsage(began);
      if (round >= 0) times.push(user + system);
    }
    return Math.round((lines.length * 1_000_000) / median(times));
  };
  const digest = createDigest();
  const plain = createResourceScanner();
  const collecting = createResourceScanner({ references: true });
  const others = {
    'SHA-256 of the bytes': rate((line) => hash('sha256', line)),
    'JSON.parse': rate((line) => JSON.parse(line.toString())),
    'parse, sort, print, SHA-256': rate((line) => plainHash(line.toString())),
  };
  const row = (what: string, work: (line: Buffer) => unknown): Row => ({
    ...{ case: `${name}: ${what}`, unit, higherIsBetter: true },
    ...{ ours: rate(work), others },
  });
  return [
    row('scan + hash + digest', (line) => digest.add(plain.scan(line))),
    row('with references', (line) => digest.add(collecting.scan(line))),
  ];
}

function plainHash(text: string): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(JSON.parse(text))))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, inner]): [string, unknown] => [
    key,
    sorted(inner),
  ]);
  return Object.fromEntries(members.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What a digest of 30 types holds after so many entries, as bytes of its stored form. */
function memoryRow(scale: number): Row {
  const many = Math.max(300_000, Math.round(1_000_000 * scale));
  const few = many / 2;
  const digest = createDigest();
  let atFew = 0;
  for (let index = 0; index < many; index += 1) {
    if (index === few) atFew = writeDigest(digest).length;
    digest.add({
      ...{ resourceType: `Type${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcd'[index % 30]}`, id: `id-${index}` },
      ...{
        versionId: '1',
        lastUpdated: '2024-01-01T00:00:00Z',
        deleted: false,
        contentHash: '0'.repeat(64),
      },
    });
  }
  if (digest.count !== many) throw new BenchError('the digest lost entries');
  return {
    ...{ case: `digest after ${many.toLocaleString('en-US')} entries of 30 types`, unit: 'MB' },
    higherIsBetter: false,
    ours: writeDigest(digest).length / 1e6,
    others: { [`after ${few.toLocaleString('en-US')}`]: atFew / 1e6 },
  };
}
