import { AppError } from '../errors.ts';
import { writeLeaves } from './bucket-leaf.ts';
import { type BucketRow, emptyRow, foldRow } from './bucket-row.ts';
import {
  type Certificate,
  certificateSchema,
  type TypeFigures,
  type TypeWindow,
} from './certificate-schema.ts';
import { compareDigests } from './compare.ts';
import type { CertificateFacts, Difference, Differences, Digest } from './contract.ts';
import { noKinds } from './difference-count.ts';
import { type BucketDigest, createDigest, rowsOf, subtractDigest } from './digest.ts';
import { ledgerCloses, ledgerOf } from './ledger-sums.ts';
import { leafDepth, typeRoot, wholeRoot, windowRoot } from './merkle.ts';
import { publicId, publicVersion } from './public-name.ts';
import { verdictOf } from './verdict.ts';

const sides = ['source', 'target', 'excepted'] as const;
type Side = (typeof sides)[number];
type Digests = Readonly<Record<Side, BucketDigest>>;

const noDifferences: Differences = { count: 0, types: [], listed: [] };

/**
 * The certificate of a migration: figures, roots and verdict follow from the digests and the ledger.
 * @throws AppError INPUT_INVALID when the digests differ and no differences are named, when what is
 *   excepted is no part of the source, or when a fact does not fit the form (the message names it)
 */
export function buildCertificate(facts: CertificateFacts): Certificate {
  const excepted = facts.excepted ?? createDigest(facts.source.settings);
  const comparison = compareDigests(subtractDigest(facts.source, excepted), facts.target);
  const isEqual = comparison.kind === 'equal';
  if (!isEqual && facts.differences === undefined) {
    throw new AppError('INPUT_INVALID', 'the digests differ: name the differences (planDrillDown)');
  }
  const differences = facts.differences ?? noDifferences;
  const digests = {
    source: rowsOf(facts.source),
    target: rowsOf(facts.target),
    excepted: rowsOf(excepted),
  };
  const types = typeNames(facts, differences).map((type) =>
    typeFigures({ type, digests, facts, differences }),
  );
  return demandForm({
    format: 'fhir-migration-certificate',
    version: 1,
    madeAt: facts.madeAt,
    madeBy: facts.madeBy,
    migration: facts.migration,
    comparison: comparisonOf(facts.comparedAt, facts.source),
    verdict: verdictOf({
      isEqual,
      ledgerCloses: ledgerCloses(facts.ledger),
      quarantined: facts.quarantine.count,
    }),
    roots: { source: rootOf(types, 'source'), target: rootOf(types, 'target') },
    types,
    ledger: facts.ledger,
    differences: { count: differences.count, listed: differences.listed.map(publicDifference) },
    quarantine: facts.quarantine,
    repairs: facts.repairs,
    hardDeletes: facts.hardDeletes,
    references: facts.references ?? null,
  });
}

/** The certificate as its schema has it; the type of the argument is only as good as its strings. */
function demandForm(certificate: unknown): Certificate {
  const read = certificateSchema.safeParse(certificate);
  if (read.success) return read.data;
  const place = read.error.issues[0]?.path.join('.') ?? '';
  throw new AppError('INPUT_INVALID', `a fact does not fit the certificate: ${place}`, {
    details: { place },
  });
}

function comparisonOf(comparedAt: string, { settings }: Digest): Certificate['comparison'] {
  const { mode, countVersions, boundaries, buckets, salt } = settings;
  return { comparedAt, mode, countVersions, boundaries: [...boundaries], buckets, salt };
}

function typeNames(facts: CertificateFacts, differences: Differences): readonly string[] {
  const names = new Set([
    ...facts.source.types,
    ...facts.target.types,
    ...facts.ledger.flatMap(({ types }) => types.map(({ type }) => type)),
    ...differences.types.map(({ type }) => type),
    ...facts.hardDeletes.kinds.map(({ kind }) => kind),
  ]);
  return [...names].sort();
}

interface OneType {
  readonly type: string;
  readonly digests: Digests;
  readonly facts: CertificateFacts;
  readonly differences: Differences;
}

function typeFigures({ type, digests, facts, differences }: OneType): TypeFigures {
  const windows = windowsOf(type, digests);
  const found = differences.types.find((one) => one.type === type);
  const differing = { source: found?.sourceEntries ?? 0, target: found?.targetEntries ?? 0 };
  const side = (name: Side) => ({
    count: digests[name].countOf(type),
    root: rootOfType(type, windows, name),
  });
  const [source, target, excepted] = [side('source'), side('target'), side('excepted')];
  return {
    type,
    ...ledgerOf(facts.ledger, type),
    hardDeleted: facts.hardDeletes.kinds.find(({ kind }) => kind === type)?.count ?? 0,
    deleted: digests.source.deleted(type),
    ...{ source, target, excepted },
    equal: source.count - excepted.count - differing.source,
    differing,
    differences: { ...noKinds(), ...found?.kinds },
    windows,
  };
}

function windowsOf(type: string, digests: Digests): TypeWindow[] {
  const rows = (side: Side): readonly (BucketRow | undefined)[] =>
    digests[side].rows.get(type) ?? [];
  const count = Math.max(...sides.map((side) => rows(side).length));
  return Array.from({ length: count }, (_none, window) => window)
    .filter((window) => sides.some((side) => (rows(side)[window]?.count ?? 0) > 0))
    .map((window) => {
      const { buckets } = digests.source.settings;
      const depth = leafDepth(digests.source.countOf(type, window), buckets);
      const fold = (side: Side): BucketRow =>
        foldRow(rows(side)[window] ?? emptyRow(buckets), 2 ** depth);
      return windowFigures(window, depth, {
        source: fold('source'),
        target: fold('target'),
        excepted: fold('excepted'),
      });
    });
}

function windowFigures(
  window: number,
  depth: number,
  rows: Readonly<Record<Side, BucketRow>>,
): TypeWindow {
  const side = (row: BucketRow) => ({ count: row.count, root: windowRoot(row) });
  const leaves = (row: BucketRow): string => writeLeaves(row).toString('base64');
  const source = leaves(rows.source);
  const target = leaves(rows.target);
  return {
    window,
    source: side(rows.source),
    target: side(rows.target),
    excepted: side(rows.excepted),
    leaves: {
      depth,
      source,
      target: target === source ? null : target,
      excepted: rows.excepted.count === 0 ? null : leaves(rows.excepted),
    },
  };
}

/** Root of a type on one side, from the windows that hold something there. */
export function rootOfType(type: string, windows: readonly TypeWindow[], side: Side): string {
  const held = windows
    .filter((one) => one[side].count > 0)
    .map((one) => ({ window: one.window, ...one[side] }));
  return typeRoot(type, held);
}

/** Root of a side, from the types that hold something there. */
export function rootOf(types: readonly TypeFigures[], side: 'source' | 'target'): string {
  const held = types.filter((one) => one[side].count > 0);
  return wholeRoot(held.map((one) => ({ type: one.type, root: one[side].root })));
}

function publicDifference(difference: Difference): Difference {
  const { id, sourceVersion, targetVersion } = difference;
  return {
    ...difference,
    id: publicId(id),
    sourceVersion: sourceVersion === null ? null : publicVersion(sourceVersion),
    targetVersion: targetVersion === null ? null : publicVersion(targetVersion),
  };
}
