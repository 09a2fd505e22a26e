import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import {
  assessPlan,
  type MigrationDependencies,
  proofContainer,
  readinessFiles,
  readinessTexts,
} from '../../activities/migration/index.ts';
import { AppError } from '../../shared/errors.ts';
import { migrationPlan } from '../../shared/migration/index.ts';
import { readBody } from '../read-body.ts';
import { findMigration } from './find-migration.ts';
import { contentTypes, pageFormat } from './reply-page.ts';

/** `POST /api/migrations/assess`: the readiness report for a plan; nothing is started or kept. */
export async function assess(
  request: HttpRequest,
  deps: MigrationDependencies,
): Promise<HttpResponseInit> {
  const format = pageFormat(request);
  const plan = await readBody(request, migrationPlan, 'a plan as docs/migration.md describes it');
  const body = readinessTexts(await assessPlan(deps, plan))[format];
  return { headers: { 'content-type': contentTypes[format] }, body };
}

/** `GET /api/migrations/{id}/readiness`: the report that the migration kept when it prepared. */
export async function readiness(
  request: HttpRequest,
  { store, blobs }: Pick<MigrationDependencies, 'store' | 'blobs'>,
): Promise<HttpResponseInit> {
  const { run } = await findMigration(store, request);
  const format = pageFormat(request);
  const url = blobs.urlOf(proofContainer(run.id), readinessFiles[format]);
  if ((await blobs.find(url)) === undefined) {
    throw new AppError(
      'NOT_FOUND',
      `migration ${run.id} has no readiness report yet: it is ${run.state}`,
    );
  }
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return { headers: { 'content-type': contentTypes[format] }, body: Buffer.concat(parts) };
}
