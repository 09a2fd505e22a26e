import { withRowsBelow } from '../expanded-rows.ts';
import type { MapFiles } from '../map-files.ts';
import type { FhirResource, MapPack, MapProblem, MapProblemCode, RootMap } from '../map-pack.ts';
import type { CheckProblem } from './check-pack.ts';

export interface SampleCounts {
  /** Of a type that the pack maps. */
  readonly mapped: number;
  /** Of those, with at least one problem that keeps the row from being written. */
  readonly rejected: number;
  /** Of other types. */
  readonly skipped: number;
}

interface Samples {
  readonly files: MapFiles;
  readonly pack: MapPack | undefined;
  readonly samples: Iterable<FhirResource>;
}

interface Found {
  readonly severity: 'error' | 'warning';
  readonly problem: MapProblem;
  readonly example: string;
  count: number;
}

const remedies: Readonly<Record<MapProblemCode, string>> = {
  'too-long': 'Widen the column, or let the attribute truncate or drop (onMisfit)',
  'not-an-option': 'Add the code to the value map, or give the map an "otherwise"',
  'wrong-type': 'Compare the path with the element, or let the attribute drop (onMisfit)',
  'wrong-unit': 'Add the unit to "units", or let the attribute drop (onMisfit)',
  'required-missing': 'Give a default or a second source, or take "required" away',
  'unresolvable-reference': 'Enable a map of the target type; other references stay empty',
  'out-of-range': 'Map to a wider column, or let the attribute drop (onMisfit)',
  'partial-date': 'Nothing, if the first day of the month or year may stand for the rest',
  rounded: 'Map to a decimal column if the fraction matters',
  'not-writable': 'See docs/maps.md, the way back',
};

/** Maps every sample; equal findings are one problem with a count and the first resource it was seen in. */
export function checkSamples({ files, pack, samples }: Samples): {
  readonly problems: readonly CheckProblem[];
  readonly counts: SampleCounts;
} {
  const found = new Map<string, Found>();
  const counts = { mapped: 0, rejected: 0, skipped: 0 };
  for (const resource of samples) {
    const root = pack?.roots.get(resource.resourceType);
    if (root === undefined) {
      counts.skipped += 1;
      continue;
    }
    const rejected = tryOne(root, resource, found);
    counts.mapped += 1;
    if (rejected) counts.rejected += 1;
  }
  return { problems: [...found.values()].map((one) => locate(one, files)), counts };
}

function tryOne(root: RootMap, resource: FhirResource, found: Map<string, Found>): boolean {
  const rows = [
    root.map(resource),
    ...root.expansions.flatMap((expansion) => withRowsBelow(expansion.expand(resource))),
  ];
  const note = (severity: Found['severity']) => (problem: MapProblem) => {
    const key = `${severity} ${problem.map} ${problem.column} ${problem.code}`;
    const known = found.get(key);
    const example = `${resource.resourceType}/${resource.id ?? '?'}`;
    if (known === undefined) found.set(key, { severity, problem, example, count: 1 });
    else known.count += 1;
  };
  for (const { problems, warnings } of rows) {
    problems.forEach(note('error'));
    warnings.forEach(note('warning'));
  }
  for (const expansion of root.expansions) expansion.skipped(resource).forEach(note('warning'));
  return rows.some(({ problems }) => problems.length > 0);
}

function locate({ severity, problem, example, count }: Found, files: MapFiles): CheckProblem {
  const { map, column, code } = problem;
  const owner = [...files.entities, ...files.expansions].find(
    ({ content }) => content.name === map,
  );
  const index = owner?.content.attributes.findIndex(
    (attribute) => attribute.action !== 'Expand' && attribute.column === column,
  );
  return {
    severity,
    file: owner?.file ?? '',
    pointer: index === undefined || index < 0 ? '' : `/attributes/${index}`,
    problem: `${column}: ${code} in ${count} of the samples, first in ${example}: ${problem.problem}`,
    remedy: remedies[code],
  };
}
