import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { type LocalHost, startLocalHost } from '../local-host.ts';
import { median } from '../median.ts';
import { packageVersion } from '../package-version.ts';

const fullSize = 200_000;
const batch = 1_000;
const mebibyte = 1_048_576;
const memorySchema = z.object({ rss: z.number(), heapUsed: z.number() });

/** The state of the host when so many instances had ended in it. */
interface Stage {
  readonly ended: number;
  readonly rate: number;
  readonly heap: number;
  readonly resident: number;
}

/**
 * Runs instances through one host until 200,000 have ended and stay in its
 * store, and looks at its memory and speed at twenty stages on the way.
 */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-endurance-'));
  const app = fileURLToPath(new URL('../engine/app', import.meta.url));
  const host = await startLocalHost(app, folder, ['--expose-gc']);
  const size = Math.max(20 * batch, Math.round(fullSize * scale));
  const stages: Stage[] = [];
  try {
    await host.finish('parallel', batch);
    for (let ended = 0; ended < size; ended = stages.at(-1)?.ended ?? size) {
      const stage = await nextStage(host, ended, ended + size / 20);
      stages.push(stage);
      say(
        `${stage.ended} ended: ${stage.rate}/s, heap ${stage.heap} MB, resident ${stage.resident} MB`,
      );
    }
  } finally {
    await host.close();
  }
  const store = rounded(statSync(join(folder, 'durable.db')).size / mebibyte);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return {
    versions: { node: process.versions.node, 'local host': packageVersion('.') },
    rows: rowsOf(stages),
    notes: [
      `Instances of one activity, started ${batch} at a time over the HTTP management API; all stay in the store (${store} MB).`,
      'Heap after a forced collection. "early" is the first of twenty stages.',
    ],
  };
}

async function nextStage(host: LocalHost, from: number, to: number): Promise<Stage> {
  const rates: number[] = [];
  let ended = from;
  for (; ended < to; ended += batch) {
    const began = performance.now();
    await host.finish('parallel', batch);
    rates.push((batch * 1_000) / (performance.now() - began));
  }
  const response = await fetch(`${host.url}/api/memory`);
  const { rss, heapUsed } = memorySchema.parse(await response.json());
  return {
    ended,
    rate: rounded(median(rates)),
    heap: rounded(heapUsed / mebibyte),
    resident: rounded(rss / mebibyte),
  };
}

function rowsOf(stages: readonly Stage[]): readonly Row[] {
  const [first] = stages;
  const half = stages.find(({ ended }) => ended > (stages.at(-1)?.ended ?? 0) / 2);
  const last = stages.at(-1);
  if (first === undefined || half === undefined || last === undefined) return [];
  const early = (value: number) => ({ [`early (${first.ended.toLocaleString('en-US')})`]: value });
  return [half, last].flatMap((stage): readonly Row[] => {
    const ended = `with ${stage.ended.toLocaleString('en-US')} ended instances`;
    return [
      {
        case: ended,
        unit: 'orchestrations/s',
        higherIsBetter: true,
        ours: stage.rate,
        others: early(first.rate),
      },
      {
        case: ended,
        unit: 'heap MB',
        higherIsBetter: false,
        ours: stage.heap,
        others: early(first.heap),
      },
      {
        case: ended,
        unit: 'resident MB',
        higherIsBetter: false,
        ours: stage.resident,
        others: early(first.resident),
      },
    ];
  });
}

const rounded = (value: number): number => Math.round(value * 10) / 10;
