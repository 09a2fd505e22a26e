import { type MigrationPlan, migrationPlan, type RunRecord } from '../../shared/migration/index.ts';
import {
  buildReadiness,
  exportDialectOf,
  type ReadinessFacts,
  type ReadinessReport,
  readinessPage,
  toHtml,
  toMarkdown,
  versionsOf,
} from '../../shared/readiness/index.ts';
import { gatherFacts } from './assess-facts.ts';
import { canImport } from './assess-services.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { NextMoveInput } from './next-move.ts';
import { proofContainer } from './proof-files.ts';
import { loadRun, runsPartition, saveRun } from './run.ts';

export interface Assessed {
  readonly kind: 'assessed';
}

/** One file for each form in which the report is read. */
export const readinessFiles = {
  json: 'readiness.json',
  html: 'readiness.html',
  md: 'readiness.md',
} as const;

export function readinessTexts(
  report: ReadinessReport,
): Readonly<Record<keyof typeof readinessFiles, string>> {
  const page = readinessPage(report);
  return { json: JSON.stringify(report), html: toHtml(page), md: toMarkdown(page) };
}

/**
 * Finds out how each side is read and written, keeps the readiness report beside the proofs, and
 * refuses what cannot work, with all reasons at once.
 */
export function createAssess(deps: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<Assessed | Blocked> => {
    const { orders } = await loadRun(deps.store, migrationId);
    const facts = await gatherFacts(deps, { migrationId, plan: orders.plan });
    const report = buildReadiness(facts);
    await keep(deps, migrationId, report);
    if (!report.possible) return blocked(report.reasons.join(' '));
    const bytesPerResource = await estimate(deps, migrationId, facts);
    const { run } = await loadRun(deps.store, migrationId);
    const size = bytesPerResource === 0 ? {} : { bytesPerResource };
    await saveRun(deps.store, { ...run, ...waysOf(facts), ...size });
    return { kind: 'assessed' };
  };
}

/** A readiness report for a plan that is not started. */
export async function assessPlan(
  deps: MigrationDependencies,
  plan: MigrationPlan = migrationPlan.parse({}),
): Promise<ReadinessReport> {
  return buildReadiness(await gatherFacts(deps, { migrationId: null, plan }));
}

function waysOf({
  source,
  target,
}: ReadinessFacts): Pick<RunRecord, 'exportDialect' | 'bulkImport'> {
  return {
    exportDialect: source.description === undefined ? null : exportDialectOf(source.description),
    bulkImport: canImport(target.description),
  };
}

/** A report is larger than a table holds. It is no secret and no clinical data: it stays with the certificate. */
async function keep(
  { blobs }: MigrationDependencies,
  migrationId: string,
  report: ReadinessReport,
): Promise<void> {
  if (report.checks.some(({ title, status }) => title === 'storage' && status === 'impossible')) {
    return;
  }
  await blobs.ensureContainer(proofContainer(migrationId));
  const texts = readinessTexts(report);
  const formats = ['json', 'html', 'md'] as const;
  await Promise.all(
    formats.map((format) =>
      blobs.write(proofContainer(migrationId), readinessFiles[format], Buffer.from(texts[format])),
    ),
  );
}

/**
 * Keeps what is to come, so that progress can say how much of it is done.
 * @returns mean bytes of a version, by the samples; 0 when there is nothing to move
 */
async function estimate(
  { store }: MigrationDependencies,
  migrationId: string,
  { counts, madeAt }: ReadinessFacts,
): Promise<number> {
  const counted = counts.filter((count) => versionsOf(count) > 0);
  const total = counted.reduce((sum, count) => sum + versionsOf(count), 0);
  const bytes = counted.reduce(
    (sum, count) => sum + versionsOf(count) * (count.bytesPerResource ?? 0),
    0,
  );
  const bytesPerResource = total === 0 ? 0 : Math.round(bytes / total);
  await store.estimates.put(runsPartition, migrationId, {
    types: Object.fromEntries(counted.map((count) => [count.type, versionsOf(count)])),
    total,
    bytesPerResource,
    at: madeAt,
  });
  return bytesPerResource;
}
