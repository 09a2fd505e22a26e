import type { HttpHandler } from '@azure/functions';
import { dryRun } from '../../shared/dry-run/index.ts';
import { AppError } from '../../shared/errors.ts';
import { checkPack, compilePack, tablesOf } from '../../shared/mapping/index.ts';
import { requireRole } from '../caller-role.ts';
import { answering } from '../problem.ts';
import { dryRunReport } from './dry-run-report.ts';
import type { MapDependencies } from './map-request.ts';
import { readResources, readTrial, trialOf } from './trial-request.ts';

/**
 * `POST /api/maps/check`: compares the maps, with drafts laid over them, with the
 * tables of the organisation and with sample resources. Writes nothing.
 */
export function createCheckMapsHandler(deps: MapDependencies): HttpHandler {
  const table = tablesOf(deps.dataverse);
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Config Administrator']);
      const asked = await readTrial(request);
      const files = await deps.maps.filesWith(trialOf(asked));
      const { found, missing } = await readResources(deps.fhir, asked);
      const { problems, ...counts } = await checkPack(files, { table, samples: found });
      const errors = problems.filter(({ severity }) => severity === 'error').length;
      const warnings = problems.length - errors;
      return { jsonBody: { errors, warnings, ...counts, missing, problems } };
    });
}

/**
 * `POST /api/maps/dry-run`: what the maps, with drafts laid over them, would do to
 * the live rows of real resources, by the decisions of change sync, consent
 * included. Writes nothing, and answers counts by column, never values.
 */
export function createDryRunHandler(deps: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Config Administrator']);
      const asked = await readTrial(request);
      if (asked.resources.length === 0 && asked.search === undefined) {
        throw new AppError('INPUT_INVALID', 'name "resources" or a "search" to try the maps on');
      }
      const files = await deps.maps.filesWith(trialOf(asked));
      const pack = compilePack(files, { fhirBaseUrl: deps.config.fhir.url });
      const { found, missing } = await readResources(deps.fhir, asked);
      const withheld = await deps.withheld(pack, found);
      const resources = found.filter(
        ({ resourceType, id }) => !withheld.has(`${resourceType}/${id}`),
      );
      const { dataverse } = deps;
      const result = await dryRun({ pack, dataverse, resources, versions: asked.versions });
      const report = dryRunReport(result);
      return {
        jsonBody: { mapPack: pack.hash, missing, withheld: withheld.size, ...report },
      };
    });
}
