import process from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  compilePack,
  type FhirResource,
  loadMapFiles,
  type MapPack,
  packRoots,
} from '../../shared/mapping/index.ts';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { installOtherPrograms } from '../other-programs.ts';
import { packageVersion } from '../package-version.ts';
import { type Contender, fhirPathJs, jsonata, jsonPathPlus } from './contenders.ts';
import { corpus } from './corpus.ts';
import { readsByType } from './paths.ts';

const rounds = 7;
/** Resources that are parsed and mapped together. */
const changeSet = 100;
/** Interpreters are slow: they get every so many resources of the same mix. */
const sample = 100;
const packages = ['jsonpath-plus', 'fhirpath', 'jsonata'];

/** Resources per second on one core: parse, map to rows, and back; the same paths by other software. */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  installOtherPrograms(say);
  const files = await loadMapFiles(fileURLToPath(new URL('../../maps/', import.meta.url)));
  const enabled = packRoots(files, 'all') ?? [];
  const pack = compilePack(files, { enabled });
  const { name, lines } = corpus(pack, scale);
  const resources = lines.map((line): FhirResource => JSON.parse(line));
  say(`${name}: ${lines.length} resources`);
  const reads = readsByType(files, enabled);
  const few = resources.filter((_resource, index) => index % sample === 0);
  const contenders: Readonly<Record<string, Contender | undefined>> = {
    'jsonpath-plus': jsonPathPlus(reads),
    fhirpath: await fhirPathJs(reads, { withModel: false }),
    'fhirpath with R4 model': await fhirPathJs(reads, { withModel: true }),
    jsonata: await jsonata(reads),
  };
  const absent = Object.keys(contenders).filter((one) => contenders[one] === undefined);
  const measured = await measure({ pack, lines, few, contenders, say });
  const [parse, map, put] = [measured('parse'), measured('map'), measured('put')];
  const others = Object.fromEntries([
    ['JSON.parse', rate(lines.length, parse)],
    ...Object.keys(contenders)
      .filter((one) => !absent.includes(one))
      .map((one) => [one, rate(few.length, measured(one))] as const),
  ]);
  const unit = 'resources/s';
  const rows: readonly Row[] = [
    {
      case: `${name}: map + rows`,
      unit,
      higherIsBetter: true,
      ours: rate(lines.length, map),
      others,
    },
    {
      case: `${name}: rows back to FHIR`,
      unit,
      higherIsBetter: true,
      ours: rate(lines.length, put),
      others: {},
    },
  ];
  return {
    versions: {
      ...{ node: process.versions.node, 'our maps': packageVersion('.') },
      ...Object.fromEntries(packages.map((one) => [one, packageVersion(one)])),
    },
    rows,
    notes: [
      `Median of ${rounds} rounds, one process, all programs in turn in each round, after a warm-up, ${changeSet} resources at a time. JSON.parse reads the same bytes; ours starts from its result, and includes conversions, expansion rows and the patient.`,
      `The others read the same values for the same rows (all sources of all columns in order, child items, the patient) of every ${sample}th resource, jsonpath-plus and fhirpath up to the first source that finds something; they convert nothing, and leave out contained resources and, but for fhirpath with its R4 model, the types of choice elements. "Back" puts one edited column into each resource and proves that the result shows it.`,
      ...absent.map((one) => `${one} is not installed; it is left out.`),
    ],
  };
}

function mapAll(pack: MapPack, resources: readonly FhirResource[]): number {
  let seen = 0;
  for (const resource of resources) {
    const root = pack.roots.get(resource.resourceType);
    if (root === undefined) continue;
    seen += root.map(resource).problems.length;
    for (const expansion of root.expansions) seen += expansion.expand(resource).length;
    seen += root.patientReference(resource) === undefined ? 0 : 1;
  }
  return seen;
}

/** Puts one changed column into each resource: what an edit in Dataverse asks for. */
function putAll(pack: MapPack, resources: readonly FhirResource[]): number {
  let seen = 0;
  for (const resource of resources) {
    const root = pack.roots.get(resource.resourceType);
    const column = root?.writeback.columns[0];
    if (root === undefined || column === undefined) continue;
    seen += root.writeback.put(resource, { [column]: 'edited' }).changed.length;
  }
  return seen;
}

interface Measured {
  readonly pack: MapPack;
  readonly lines: readonly string[];
  /** For the interpreters. */
  readonly few: readonly FhirResource[];
  readonly contenders: Readonly<Record<string, Contender | undefined>>;
  readonly say: BenchOptions['say'];
}

/** Median milliseconds of each program; all run in turn in every round, so that a busy machine is busy for all. */
async function measure({
  pack,
  lines,
  few,
  contenders,
  say,
}: Measured): Promise<(program: string) => number> {
  const times = new Map<string, number[]>();
  for (let round = -1; round < rounds; round += 1) {
    say(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
    const took = inChangeSets(pack, lines);
    for (const [name, contender] of Object.entries(contenders)) {
      if (contender !== undefined) took.set(name, await timed(contender, few));
    }
    if (round < 0) continue;
    for (const [name, time] of took) times.set(name, [...(times.get(name) ?? []), time]);
  }
  return (program) => median(times.get(program) ?? []);
}

/**
 * Milliseconds for all resources. The work is done change set by change set, as
 * the sync does it: parse, then map what was parsed.
 */
function inChangeSets(pack: MapPack, lines: readonly string[]): Map<string, number> {
  const sum = { parse: 0, map: 0, put: 0 };
  for (let start = 0; start < lines.length; start += changeSet) {
    const chunk = lines.slice(start, start + changeSet);
    const began = performance.now();
    const resources = chunk.map((line): FhirResource => JSON.parse(line));
    const parsed = performance.now();
    mapAll(pack, resources);
    const mapped = performance.now();
    putAll(pack, resources);
    sum.parse += parsed - began;
    sum.map += mapped - parsed;
    sum.put += performance.now() - mapped;
  }
  return new Map(Object.entries(sum));
}

async function timed(contender: Contender, resources: readonly FhirResource[]): Promise<number> {
  const began = performance.now();
  for (const resource of resources) await contender(resource);
  return performance.now() - began;
}

function rate(count: number, milliseconds: number): number {
  return Math.round((count * 1000) / milliseconds);
}
