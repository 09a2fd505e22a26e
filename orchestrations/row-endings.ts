import type { Activities, PermittedResource, WrittenRow } from '../activities/index.ts';
import type { ChildRowCounts, FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';

type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

export interface RowAnswers {
  readonly permitted: readonly PermittedResource[];
  readonly upserted: Answer<'upsertRows'>;
  readonly expanded: readonly Answer<'expandRows'>[];
  readonly identified: Answer<'writeBackIdentifiers'>;
  /** Patients whose consent turned while their rows were written. */
  readonly turned: readonly string[];
}

export interface RowEndings {
  readonly endings: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
  /** What was done to the rows of resources that failed after it. */
  readonly halfDone: readonly ResourceEnding[];
}

/**
 * One ending per resource out of what the steps answered. What failed goes first,
 * because another attempt will bring the rest in line; then what was refused; then
 * a consent that turned; a row that is left is applied or unchanged.
 */
export function rowEndings(answers: RowAnswers): RowEndings {
  const { upserted, expanded, identified } = answers;
  const failed = byReference([
    ...upserted.failed,
    ...expanded.flatMap((answer) => answer.failed),
    ...identified.failed,
  ]);
  const ended = byReference([
    ...upserted.ended,
    ...expanded.flatMap((answer) => answer.ended),
    ...identified.ended,
  ]);
  const turned = turnedReferences(answers);
  const children = childCounts(expanded);
  const versions = new Map(
    identified.identified.map(({ reference, identifierVersion }) => [reference, identifierVersion]),
  );
  const applied = upserted.written.map((row) =>
    turned.has(row.reference)
      ? withheld(row)
      : appliedEnding(row, {
          children: children.get(row.reference),
          identifierVersion: versions.get(row.reference),
        }),
  );
  const endings = byReference([...applied, ...ended.values()]);
  return {
    failed: [...failed.values()],
    endings: [...endings.values()].filter(({ reference }) => !failed.has(reference)),
    halfDone: applied.filter(({ reference }) => failed.has(reference)),
  };
}

/**
 * An ending together with what an earlier round did to the same row: a row that
 * was written before something else failed is applied, though the last round
 * found nothing left to write.
 */
export function withEarlier(
  ending: ResourceEnding,
  earlier: ResourceEnding | undefined,
): ResourceEnding {
  if (earlier === undefined || !isWritten(ending) || !isWritten(earlier)) return ending;
  const kind = earlier.kind === 'applied' ? 'applied' : ending.kind;
  const children = sumOf([earlier.children, ending.children]);
  return { ...earlier, ...ending, kind, ...(children ? { children } : {}) };
}

const isWritten = ({ kind }: ResourceEnding): boolean => kind === 'applied' || kind === 'unchanged';

function sumOf(counts: readonly (ChildRowCounts | undefined)[]): ChildRowCounts | undefined {
  const given = counts.filter((count) => count !== undefined);
  if (given.length === 0) return undefined;
  return given.reduce((sum, next) => ({
    added: sum.added + next.added,
    changed: sum.changed + next.changed,
    removed: sum.removed + next.removed,
  }));
}

function byReference<T extends { readonly reference: string }>(
  items: readonly T[],
): Map<string, T> {
  return new Map(items.map((item) => [item.reference, item]));
}

function turnedReferences({ permitted, turned }: RowAnswers): ReadonlySet<string> {
  const refusing = new Set(turned);
  const about = permitted.filter(({ patients }) => patients.some((one) => refusing.has(one)));
  return new Set(about.map(({ reference }) => reference));
}

function childCounts(expanded: RowAnswers['expanded']): ReadonlyMap<string, ChildRowCounts> {
  const sums = new Map<string, ChildRowCounts>();
  for (const { reference, children } of expanded.flatMap((answer) => answer.expanded)) {
    sums.set(reference, sumOf([sums.get(reference), children]) ?? children);
  }
  return sums;
}

function withheld({ reference, versionId }: WrittenRow): ResourceEnding {
  return {
    reference,
    versionId,
    kind: 'withheld',
    reason: 'consent turned while the row was written',
  };
}

function appliedEnding(
  { reference, versionId, table, rowId, outcome }: WrittenRow,
  details: {
    readonly children: ChildRowCounts | undefined;
    readonly identifierVersion: string | undefined;
  },
): ResourceEnding {
  const { children, identifierVersion } = details;
  return {
    reference,
    versionId,
    table,
    rowId,
    kind: outcome,
    ...(children === undefined ? {} : { children }),
    ...(identifierVersion === undefined ? {} : { identifierVersion }),
  };
}
