import { type Random, seededRandom } from '../../local/seed/random.ts';
import { type MigrationPlan, migrationPlan } from '../../shared/migration/index.ts';
import type { Fate } from './migration-crashes.ts';
import type { WrittenTypes } from './migration-writer.ts';

/** Everything that one seed decides before a run; what happens in it is drawn from `random` as it goes on. */
export interface Schedule {
  readonly seed: number;
  readonly random: Random;
  /** What is written; observations always, because traps are of them. */
  readonly types: WrittenTypes;
  readonly plan: MigrationPlan;
  /** Writes into the source before the start, and while the copy is under way. */
  readonly writesBefore: number;
  readonly writesDuring: number;
  /** Of both services against the app, in milliseconds; the target differs a little from the source. */
  readonly sourceSkew: number;
  readonly targetSkew: number;
  /** Chance that a fault of a service is armed before a step. */
  readonly faultRate: number;
  readonly mostFaults: number;
  readonly fateOf: () => Fate;
  /** Chance that a step looks at a job without waiting for it to end. */
  readonly impatience: number;
  /** Writes that leave something that `$import` may refuse. */
  readonly traps: boolean;
  readonly lateWrites: boolean;
  /** Resources that are deleted for good once all is copied, and looked for before the cut-over. */
  readonly deletedForGood: number;
}

const typesOfRuns: readonly [WrittenTypes, ...WrittenTypes[]] = [
  ['Observation'],
  ['Observation', 'Patient'],
  ['Observation', 'Patient'],
  ['Encounter', 'Observation', 'Patient'],
];

export function scheduleOf(seed: number): Schedule {
  const random = seededRandom(seed);
  const often = random.pick([0, 0.02, 0.05, 0.1] as const);
  const lost = random.pick([0, 0, 0.005, 0.01] as const);
  // Each one more costs requests in every step.
  const types = random.pick(typesOfRuns);
  const plan = migrationPlan.parse({
    pattern: random.chance(0.9) ? 'incremental' : 'lift-and-shift',
    // Named types are many times faster to export, and windows of them are counted in another way.
    types: random.chance(0.985) ? types : [],
    windowResources: random.whole(4, 14),
    fileResources: random.pick([3, 10, 20_000] as const),
    lagSeconds: random.pick([1, 5, 60] as const),
    overlapSeconds: random.pick([0, 30, 60, 600] as const),
    intervalSeconds: random.pick([5, 60, 300] as const),
    cutOver: random.chance(0.2) ? 'when-caught-up' : 'when-ordered',
  });
  const sourceSkew = random.pick([0, 0, 3_600_000, -3_600_000, 90_000, -700] as const);
  // Of the seed alone: what else it decides stays as it was.
  const isLooked = plan.cutOver === 'when-ordered' && seed % 4 === 0;
  const deletedForGood = isLooked ? 1 + (seed % 3) : 0;
  if (isLooked) Object.assign(plan, { overlapSeconds: (seed % 8) * 5, intervalSeconds: 5 });
  return {
    ...{ seed, random, types, plan, sourceSkew, deletedForGood },
    targetSkew: sourceSkew + random.whole(-5_000, 5_000),
    writesBefore: random.whole(5, 10),
    writesDuring: plan.cutOver === 'when-caught-up' ? 0 : random.whole(0, 6),
    faultRate: random.pick([0, 0.1, 0.3] as const),
    mostFaults: random.whole(1, 12),
    fateOf: fates(random, { often, lost }),
    impatience: random.pick([0, 0.3] as const),
    traps: random.chance(0.15),
    lateWrites: random.chance(0.3),
  };
}

/** Cuts end at some time, as the patience of the retry policy does. */
function fates(
  random: Random,
  { often, lost }: { readonly often: number; readonly lost: number },
): () => Fate {
  let cuts = 40;
  let losses = 3;
  return () => {
    if (losses > 0 && random.chance(lost)) {
      losses -= 1;
      return 'process-lost-after';
    }
    if (cuts <= 0 || !random.chance(often)) return 'goes-well';
    cuts -= 1;
    return random.chance(0.3) ? 'cut-before' : 'cut-after';
  };
}

/** A fault script for `/_control/bulk-faults` or `/_control/faults` of one of the services. */
export interface ArmedFault {
  readonly side: 'source' | 'target';
  readonly at: 'bulk-faults' | 'faults';
  readonly script: Readonly<Record<string, unknown>>;
}

export function drawFault(random: Random): ArmedFault {
  const side = random.pick(['source', 'target'] as const);
  return random.chance(0.7)
    ? { side, at: 'bulk-faults', script: bulkFault(random) }
    : { side, at: 'faults', script: plainFault(random, side) };
}

function bulkFault(random: Random): ArmedFault['script'] {
  const step = random.pick(['kick-off', 'poll', 'cancel'] as const);
  const times = random.whole(1, 3);
  const after = random.whole(0, 1);
  const headers = random.pick(['both', 'retry-after', 'http-date', 'none'] as const);
  return random.pick([
    { kind: 'throttled', step, times, headers, retryAfterMs: 2_000 },
    { kind: 'html-gateway', step, times },
    { kind: 'expired-token', step, times },
    { kind: 'forbidden', step, times: 1 },
    { kind: 'no-content-location', times, after },
    { kind: 'stuck', times: 3 * times },
    { kind: 'premature', times, after },
    { kind: 'stopped', times: 1, after, afterFiles: random.whole(0, 2) },
    { kind: 'out-of-memory', times, afterFiles: random.whole(0, 2) },
    { kind: 'fatal', times: Math.min(times, 2), afterBatches: 1 },
  ] as const);
}

/** The source is written to by others with PUT and DELETE, whose calls are left alone. */
function plainFault(random: Random, side: 'source' | 'target'): ArmedFault['script'] {
  const path = random.pick([
    '\\$export',
    '\\$import',
    '_operations',
    '_history',
    'metadata',
    '_summary',
  ] as const);
  const method = side === 'source' ? { method: 'GET' } : {};
  const harm = random.pick([
    { torn: 'before' },
    { torn: 'after' },
    { status: 503 },
    { status: 500 },
    { status: 429, retryAfterMs: 1_000 },
    { status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' },
    { status: 401 },
  ] as const);
  return { path, times: random.whole(1, 3), ...method, ...harm };
}
