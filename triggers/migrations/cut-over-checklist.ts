import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import type { MigrationDependencies } from '../../activities/migration/index.ts';
import { progressOf } from '../../shared/migration/index.ts';
import {
  type CutOverFacts,
  cutOverChecklist,
  cutOverPage,
  toHtml,
  toMarkdown,
} from '../../shared/readiness/index.ts';
import { type FoundMigration, findMigration } from './find-migration.ts';
import { contentTypes, pageFormat } from './reply-page.ts';

export interface ChecklistDependencies {
  readonly migration: Pick<MigrationDependencies, 'store' | 'ends'>;
  /** The FHIR service that this product itself works with; undefined when it only migrates. */
  readonly ownFhirUrl: string | undefined;
}

/** `GET /api/migrations/{id}/cutover-checklist`: what remains to be done, by whom, as it is now. */
export async function showCutOverChecklist(
  request: HttpRequest,
  deps: ChecklistDependencies,
): Promise<HttpResponseInit> {
  const format = pageFormat(request);
  const found = await findMigration(deps.migration.store, request);
  const checklist = cutOverChecklist(await factsOf(deps, found));
  const page = cutOverPage(checklist);
  const texts = {
    json: () => JSON.stringify(checklist),
    html: () => toHtml(page),
    md: () => toMarkdown(page),
  };
  return { headers: { 'content-type': contentTypes[format] }, body: texts[format]() };
}

async function factsOf(
  { migration: { store, ends }, ownFhirUrl }: ChecklistDependencies,
  { run, orders }: FoundMigration,
): Promise<CutOverFacts> {
  const [windows, quarantine, proofs, cleanup] = await Promise.all([
    store.windows.list(run.id),
    store.quarantine.list(run.id, mostCounted),
    store.proofs.list(run.id),
    store.cleanups.get('runs', run.id),
  ]);
  const { lagSeconds } = progressOf(run, windows, { now: new Date().toISOString() });
  const isCurrent = cleanup?.of === run.changedAt;
  return {
    migrationId: run.id,
    state: run.state,
    reason: run.reason,
    sourceUrl: ends.source.service.url,
    targetUrl: ends.target.service.url,
    ownFhirUrl,
    ordered: orders.cutOver || orders.plan.cutOver === 'when-caught-up',
    frozenAt: run.frozenAt,
    lagSeconds,
    quarantined: quarantine.length,
    differences: proofs.at(-1)?.differences ?? null,
    cleanup: isCurrent ? cleanup.state : 'pending',
  };
}

/** Beyond this the number no longer matters. */
const mostCounted = 1000;
