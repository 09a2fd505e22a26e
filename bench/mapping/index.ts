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
import { pathsByType } from './paths.ts';

const rounds = 7;
/** Resources that are parsed and mapped together. */
const changeSet = 100;
/** Interpreters are slow: they get every so many resources of the same mix. */
const sample = 40;

/** Resources per second on one core: parse, map to rows, and back; the same paths by other software. */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  installOtherPrograms(say);
  const files = await loadMapFiles(fileURLToPath(new URL('../../maps/', import.meta.url)));
  const pack = compilePack(files, { enabled: packRoots(files, 'all') ?? [] });
  const { name, lines } = corpus(pack, scale);
  const resources = lines.map((line): FhirResource => JSON.parse(line));
  say(`${name}: ${lines.length} resources`);
  const { parse, map, put } = inChangeSets(pack, lines);
  const paths = pathsByType(files);
  const few = resources.filter((_resource, index) => index % sample === 0);
  const contenders: Readonly<Record<string, Contender | undefined>> = {
    'jsonpath-plus': jsonPathPlus(paths),
    fhirpath: await fhirPathJs(paths),
    jsonata: await jsonata(paths),
  };
  const others: Record<string, number> = { 'JSON.parse': rate(lines.length, parse) };
  const absent: string[] = [];
  for (const [package_, contender] of Object.entries(contenders)) {
    say(package_);
    if (contender === undefined) absent.push(package_);
    else others[package_] = rate(few.length, await timed(contender, few));
  }
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
      ...Object.fromEntries(Object.keys(contenders).map((one) => [one, packageVersion(one)])),
    },
    rows,
    notes: [
      `Median of ${rounds} rounds, one process, after a warm-up, ${changeSet} resources at a time. JSON.parse reads the same bytes; ours starts from its result, and includes conversions, expansion rows and the patient.`,
      `The others only read the values of the plain paths of the maps, of every ${sample}th resource; they convert nothing. "Back" puts one edited column into each resource and proves that the result shows it.`,
      ...absent.map((one) => `${one} is not installed (npm install -D ${one}); it is left out.`),
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

interface Times {
  readonly parse: number;
  readonly map: number;
  readonly put: number;
}

/**
 * Milliseconds for all resources, the median round of each kind. The work is done
 * change set by change set, as the sync does it: parse, then map what was parsed.
 */
function inChangeSets(pack: MapPack, lines: readonly string[]): Times {
  const times: Times[] = [];
  for (let round = -1; round < rounds; round += 1) {
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
    if (round >= 0) times.push(sum);
  }
  return {
    parse: median(times.map(({ parse }) => parse)),
    map: median(times.map(({ map }) => map)),
    put: median(times.map(({ put }) => put)),
  };
}

async function timed(contender: Contender, resources: readonly FhirResource[]): Promise<number> {
  const times: number[] = [];
  for (let round = -1; round < 3; round += 1) {
    const began = performance.now();
    for (const resource of resources) await contender(resource);
    if (round >= 0) times.push(performance.now() - began);
  }
  return median(times);
}

function rate(count: number, milliseconds: number): number {
  return Math.round((count * 1000) / milliseconds);
}
