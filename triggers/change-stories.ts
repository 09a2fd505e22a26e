import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Config } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';
import { isResourceId, isResourceType } from '../shared/fhir/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';

/** `GET /api/operations/changes/{type}/{id}`: everything that became of one resource, oldest first. */
export function createChangeStoryHandler(deps: {
  readonly config: Pick<Config, 'authorization'>;
  readonly ledger: Ledger;
}) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Operator', 'Healthcare User']);
      const { resourceType = '', id = '' } = request.params;
      if (!isResourceType(resourceType) || !isResourceId(id)) {
        throw new AppError(
          'INPUT_INVALID',
          'ask for /api/operations/changes/{Type}/{id}, as in Patient/123',
        );
      }
      const chapters = await deps.ledger.stories.of({ resourceType, id });
      if (chapters.length === 0) {
        throw new AppError('NOT_FOUND', `no change of ${resourceType}/${id} has come in yet`);
      }
      return { jsonBody: { resource: `${resourceType}/${id}`, chapters } };
    });
}
