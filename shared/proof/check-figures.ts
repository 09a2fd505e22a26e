import { rootOf, rootOfType } from './certificate-build.ts';
import type { Account, Certificate, TypeFigures } from './certificate-schema.ts';
import type { CheckedPoint } from './contract.ts';
import { bucketOf } from './entry-hash.ts';
import { closes, ledgerCloses, ledgerOf, ledgerTotal } from './ledger-sums.ts';
import { verdictOf } from './verdict.ts';
import { type WindowLeaves, windowLeaves, windowProblem } from './window-leaves.ts';

/** Everything in a certificate that follows from something else in it. */
export function checkFigures(certificate: Certificate): readonly CheckedPoint[] {
  const leaves = new Map(
    certificate.types.map((type) => [type.type, type.windows.map(windowLeaves)]),
  );
  const first = (problems: Iterable<string | undefined>): string | undefined =>
    [...problems].find((problem) => problem !== undefined);
  const ofTypes = (problemOf: (type: TypeFigures) => string | undefined): string | undefined =>
    first(certificate.types.map(problemOf));
  return [
    {
      point: 'The root of every type and window follows from its leaves',
      problem: ofTypes((type) => first(type.windows.map((window) => windowProblem(type, window)))),
    },
    {
      point: 'The roots of types and of both sides follow from those of the windows',
      problem: ofTypes(typeRootProblem) ?? wholeRootProblem(certificate),
    },
    {
      point:
        'Counts of types are the sums of their windows, and equal and differing entries add up to them',
      problem: ofTypes(countProblem) ?? orderProblem(certificate),
    },
    {
      point: 'The ledger of every window closes: exported = loaded + present + quarantined',
      problem: ledgerProblem(certificate),
    },
    {
      point: 'The ledger of every type is the sum of its windows',
      problem: ofTypes((type) => ledgerSumProblem(certificate, type)),
    },
    {
      point: 'Quarantine, repairs, hard deletes and differences are counted as listed',
      problem: listProblem(certificate),
    },
    {
      point: 'Every difference named lies where the leaves of both sides differ',
      problem: first(certificate.differences.listed.map((one) => placeProblem(one, leaves))),
    },
    {
      point: 'The verdict follows from the figures',
      problem: verdictProblem(certificate, [...leaves.values()].flat()),
    },
  ];
}

function typeRootProblem({ type, windows, ...figures }: TypeFigures): string | undefined {
  const wrong = (['source', 'target', 'excepted'] as const).find(
    (side) => rootOfType(type, windows, side) !== figures[side].root,
  );
  return wrong === undefined ? undefined : `${type}: the root of the ${wrong} is another`;
}

function wholeRootProblem({ types, roots }: Certificate): string | undefined {
  const wrong = (['source', 'target'] as const).find((side) => rootOf(types, side) !== roots[side]);
  return wrong === undefined ? undefined : `the root of the whole ${wrong} is another`;
}

function countProblem(type: TypeFigures): string | undefined {
  const { source, target, excepted, equal, differing, differences } = type;
  for (const side of ['source', 'target', 'excepted'] as const) {
    const sum = type.windows.reduce((total, window) => total + window[side].count, 0);
    if (sum !== type[side].count) return `${type.type}: windows of the ${side} add up to ${sum}`;
  }
  const closed =
    source.count === equal + differing.source + excepted.count &&
    target.count === equal + differing.target;
  if (!closed) return `${type.type}: equal and differing entries do not add up`;
  const named = Object.values(differences).reduce((sum, count) => sum + count, 0);
  const entries = differing.source + differing.target;
  return named <= entries && entries <= 2 * named
    ? undefined
    : `${type.type}: ${named} differences cannot take ${entries} entries`;
}

/** Each type and window once: a second one would be counted twice. */
function orderProblem({ types }: Certificate): string | undefined {
  const rises = <T>(list: readonly T[]): boolean =>
    list.every((one, index) => index === 0 || one > (list[index - 1] ?? one));
  if (!rises(types.map(({ type }) => type))) return 'types are not in order, or one is there twice';
  const wrong = types.find(({ windows }) => !rises(windows.map(({ window }) => window)));
  return wrong && `${wrong.type}: windows are not in order, or one is there twice`;
}

function ledgerProblem({ ledger }: Certificate): string | undefined {
  if (ledgerCloses(ledger)) return undefined;
  const open = ledger.find(({ types }) => !types.every(closes));
  const type = open?.types.find((row) => !closes(row))?.type;
  return `${type ?? ''} in the window till ${open?.till ?? ''} does not close`;
}

function ledgerSumProblem({ ledger }: Certificate, type: TypeFigures): string | undefined {
  const sum = ledgerOf(ledger, type.type);
  const names = ['exported', 'loaded', 'present', 'quarantined'] as const;
  const wrong = names.find((name) => sum[name] !== type[name]);
  return wrong && `${type.type}: windows add up to ${sum[wrong]} ${wrong}, not ${type[wrong]}`;
}

function listProblem(certificate: Certificate): string | undefined {
  const { types, differences, quarantine, hardDeletes, ledger } = certificate;
  const wrong = (['quarantine', 'repairs', 'hardDeletes'] as const).find(
    (name) => !isCounted(certificate[name]),
  );
  if (wrong !== undefined) return `${wrong} are not counted as listed`;
  const all = types.flatMap((type) => Object.values(type.differences));
  const counted = all.reduce((sum, count) => sum + count, 0);
  if (counted !== differences.count || differences.listed.length > counted) {
    return 'the differences of the types do not add up';
  }
  // Windows overlap: a version can be met, and quarantined, in two of them.
  if (ledgerTotal(ledger).quarantined < quarantine.count) {
    return 'more is in quarantine than the ledger says';
  }
  if (types.reduce((sum, { excepted }) => sum + excepted.count, 0) > quarantine.count) {
    return 'more is excepted than was quarantined';
  }
  const known = new Set(types.map(({ type }) => type));
  const isApplied = types.reduce((sum, type) => sum + type.hardDeleted, 0) === hardDeletes.count;
  const isKnown = ledger.every((window) => window.types.every(({ type }) => known.has(type)));
  return isApplied && isKnown ? undefined : 'hard deletes or types of the ledger are missing';
}

function isCounted({ count, kinds, listed }: Account): boolean {
  const sum = kinds.reduce((total, kind) => total + kind.count, 0);
  const fits = kinds.every(
    ({ kind, count: of }) => listed.filter((item) => item.kind === kind).length <= of,
  );
  const known = new Set(kinds.map(({ kind }) => kind));
  return sum === count && fits && listed.every(({ kind }) => known.has(kind));
}

function placeProblem(
  { resourceType, id }: Certificate['differences']['listed'][number],
  leaves: ReadonlyMap<string, readonly WindowLeaves[]>,
): string | undefined {
  // A percent sign stands for characters that the certificate does not show.
  if (id.includes('%')) return undefined;
  const differs = leaves
    .get(resourceType)
    ?.some(({ differing, count }) => differing.has(bucketOf(resourceType, id, count)));
  return differs === true ? undefined : `${resourceType}/${id} lies where both sides are equal`;
}

function verdictProblem(
  { verdict, types, ledger, quarantine }: Certificate,
  leaves: readonly WindowLeaves[],
): string | undefined {
  const isEqual =
    leaves.every(({ differing }) => differing.size === 0) &&
    types.every(({ differing }) => differing.source + differing.target === 0);
  const follows = verdictOf({
    isEqual,
    ledgerCloses: ledgerCloses(ledger),
    quarantined: quarantine.count,
  });
  return follows === verdict ? undefined : `the figures say "${follows}", not "${verdict}"`;
}
