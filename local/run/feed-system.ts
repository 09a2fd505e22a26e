import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type FhirResource,
  feed,
  generatePatients,
  generateShared,
  readNdjsonFolder,
} from '../seed/index.ts';
import type { RunOptions } from './options.ts';

/** What is fed, and where the mark of progress is kept. */
export type FeedOptions = Pick<RunOptions, 'patients' | 'from' | 'data' | 'seed' | 'seedNumber'>;

export interface Fed {
  readonly sent: number;
  readonly failures: number;
}

export interface FeedProgress {
  readonly sent: number;
  readonly failed: number;
}

const markSchema = z.object({ sent: z.number(), source: z.string() });

/**
 * Feeds the FHIR service as asked. With a data folder it remembers how far it
 * came, so that a run that was cut goes on where it was.
 */
export async function feedSystem(
  options: FeedOptions,
  fhirUrl: string,
  onProgress: (progress: FeedProgress) => void,
): Promise<Fed> {
  const source = options.from ?? `patients ${options.patients} seed ${options.seedNumber}`;
  const mark = options.data === undefined ? undefined : join(options.data, 'fed.json');
  const before = await alreadyFed(mark, source);
  const result = await feed({
    fhirUrl,
    resources: skip(resourcesOf(options), before),
    concurrency: 1,
    onProgress: ({ sent, failed }) => {
      onProgress({ sent: before + sent, failed });
      if (mark !== undefined) void writeFile(mark, JSON.stringify({ sent: before + sent, source }));
    },
  });
  if (mark !== undefined)
    await writeFile(mark, JSON.stringify({ sent: before + result.sent, source }));
  return { sent: before + result.sent, failures: result.failures.length };
}

async function alreadyFed(mark: string | undefined, source: string): Promise<number> {
  if (mark === undefined) return 0;
  const text = await readFile(mark, 'utf8').catch(() => '{}');
  const known = markSchema.safeParse(parseJson(text));
  return known.success && known.data.source === source ? known.data.sent : 0;
}

/** A mark that was being written when the process was killed counts as none: feeding twice is harmless. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How many resources will be fed, where that can be known beforehand. */
export function feedSize(options: FeedOptions): number | undefined {
  if (!options.seed) return 0;
  if (options.from !== undefined) return undefined;
  const { patients, seedNumber: seed } = options;
  let count = [...generateShared(seed)].length;
  for (const patient of generatePatients({ patients, seed })) count += patient.resources.length;
  return count;
}

async function* resourcesOf(options: FeedOptions): AsyncGenerator<FhirResource> {
  if (options.from !== undefined) {
    yield* readNdjsonFolder(options.from, { consents: 'demo' });
    return;
  }
  yield* generateShared(options.seedNumber);
  const { patients, seedNumber: seed } = options;
  for (const patient of generatePatients({ patients, seed })) yield* patient.resources;
}

async function* skip(
  resources: AsyncIterable<FhirResource>,
  count: number,
): AsyncGenerator<FhirResource> {
  let index = 0;
  for await (const resource of resources) {
    index += 1;
    if (index > count) yield resource;
  }
}
