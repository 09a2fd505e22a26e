import process from 'node:process';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { packageVersion } from '../package-version.ts';
import { reading } from './reading.ts';
import { type Download, download, startServer } from './run-contender.ts';

/** 20 MB is what a file of Azure Health Data Services has at its default granularity (facts 4). */
const fileBytes = 20_000_000;
const fullFiles = 20;
const rounds = 3;
const medplum = '@medplum/core';
const bare = 'fetch + write loop';
const names = { ours: 'ours', [medplum]: 'medplum', [bare]: 'bare' } as const;
type Name = keyof typeof names;

/**
 * From the kick-off of a bulk export to its last byte on disk, each client in a process of its own,
 * on the same server; and how fast NDJSON is read.
 */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  const files = Math.max(2, Math.round(fullFiles * scale));
  const rows: Row[] = [];
  for (const encoding of ['identity', 'gzip'] as const) {
    say(`${files} files of ${fileBytes / 1e6} MB, ${encoding}`);
    rows.push(...(await compare({ files, fileBytes, encoding })));
  }
  say('reading lines');
  rows.push(...(await reading(Math.max(0.02, scale))));
  return {
    versions: {
      node: process.versions.node,
      'fhir-dataverse-sync': packageVersion('.'),
      [medplum]: packageVersion(medplum),
    },
    rows,
    notes: [
      `Median of ${rounds} rounds; the server, in a process of its own, has its files in memory and is done at the first poll.`,
      `${medplum}: MedplumClient.bulkExport and download, all files at once and each as one text, as its command "bulk export" does.`,
      'Ours reads five files at a time as streams, splits and counts their lines on the way to disk; the others count line feeds.',
      'The SMART bulk-data-client is in no npm registry (it is run from a checkout), so it is not compared here.',
      'MB are of decompressed NDJSON; the peak is the resident memory of the client process.',
    ],
  };
}

interface Work {
  readonly files: number;
  readonly fileBytes: number;
  readonly encoding: 'identity' | 'gzip';
}

async function compare(work: Work): Promise<readonly Row[]> {
  const server = await startServer(work);
  const runs = new Map<Name, Download[]>(Object.keys(names).map((name) => [name as Name, []]));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, done] of runs) done.push(await download(names[name], server.url));
    }
  } finally {
    await server.close();
  }
  const total = work.files * work.fileBytes;
  const title = work.encoding === 'gzip' ? 'export to disk, gzip' : 'export to disk';
  const row = (unit: string, higherIsBetter: boolean, of: (download: Download) => number): Row => {
    const figure = (name: Name) => round(median((runs.get(name) ?? []).map(of)));
    const others = { [medplum]: figure(medplum), [bare]: figure(bare) };
    return { case: title, unit, higherIsBetter, ours: figure('ours'), others };
  };
  return [
    row('MB/s', true, ({ milliseconds }) => total / milliseconds / 1000),
    row('MB of memory at peak', false, ({ peakBytes }) => peakBytes / 1e6),
  ];
}

const round = (value: number) => Math.round(value * 100) / 100;
