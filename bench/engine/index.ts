import { BenchError } from '../bench-error.ts';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { installOtherPrograms } from '../other-programs.ts';
import { type Case, cases } from './cases.ts';
import { Unavailable } from './contender.ts';
import { startContender } from './contender-process.ts';

const rounds = 3;
const ours = 'ours';
/** By file name below contenders/: what the table calls it. */
const contenders = {
  [ours]: 'ours',
  dbos: 'dbos on Postgres',
  restate: 'restate',
  openworkflow: 'openworkflow on SQLite',
  durabletask: 'durabletask-js in memory (nothing persisted)',
} as const;

interface Figures {
  readonly name: string;
  readonly milliseconds: Map<Case, number[]>;
}

/**
 * The same orchestrations on several durable engines, each alone in a fresh
 * process with an empty store, warmed up, in turns; medians over the rounds.
 */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  installOtherPrograms(say);
  const work = cases(scale);
  const versions: Record<string, string> = { node: process.versions.node };
  const absent = new Map<string, string>();
  const figures: readonly Figures[] = Object.keys(contenders).map((name) => ({
    name,
    milliseconds: new Map(work.map((one) => [one, []])),
  }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const figure of figures) {
      if (absent.has(figure.name)) continue;
      say(`round ${round} of ${rounds}: ${figure.name}`);
      try {
        Object.assign(versions, await measure(figure, work));
      } catch (error) {
        if (!(error instanceof Unavailable) || figure.name === ours) throw error;
        absent.set(figure.name, error.message);
      }
    }
  }
  const present = figures.filter(({ name }) => !absent.has(name));
  return {
    versions,
    rows: work.flatMap((one) => rowsOf(one, present)),
    notes: [...notes, ...[...absent].map(([name, reason]) => `skipped ${name}: ${reason}`)],
  };
}

async function measure({ name, milliseconds }: Figures, work: readonly Case[]) {
  const contender = await startContender(name);
  try {
    for (const one of work) {
      await contender.pass({ ...one, instances: Math.ceil(one.instances / 2) });
    }
    for (const one of work) milliseconds.get(one)?.push(await contender.pass(one));
  } finally {
    await contender.close();
  }
  return contender.versions;
}

function rowsOf(work: Case, figures: readonly Figures[]): readonly Row[] {
  const rate = (count: number) => ({
    ours: rateOf(work, figures, count)[contenders.ours] ?? Number.NaN,
    others: withoutOurs(rateOf(work, figures, count)),
  });
  const row = { case: work.title, higherIsBetter: true };
  return [
    { ...row, unit: 'orchestrations/s', ...rate(work.instances) },
    { ...row, unit: 'activities/s', ...rate(work.instances * work.activities) },
  ];
}

function rateOf(work: Case, figures: readonly Figures[], count: number): Record<string, number> {
  return Object.fromEntries(
    figures.map(({ name, milliseconds }) => [
      titleOf(name),
      rounded((count * 1_000) / median(milliseconds.get(work) ?? [])),
    ]),
  );
}

function withoutOurs({ ours: _, ...others }: Record<string, number>): Record<string, number> {
  return others;
}

function titleOf(name: string): string {
  const title = Object.entries(contenders).find(([file]) => file === name)?.[1];
  if (title === undefined) throw new BenchError(`no contender ${name}`);
  return title;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

const notes = [
  'From the first start to the last answer, all instances of a case started at once; every output is checked.',
  'ours: the whole host, started over its HTTP management API by another process. restate: over its HTTP ingress.',
  'dbos, openworkflow, durabletask-js: started and run inside one process, as their guides do.',
  'Every store but that of durabletask-js survives the death of the process; where it can be chosen none waits for the disk',
  '(SQLite WAL with synchronous NORMAL, Postgres synchronous_commit off, Restate without WAL fsync).',
];
