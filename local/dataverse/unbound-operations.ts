import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, jsonResponse } from './api-message.ts';
import { publishRule, retrieveDuplicates } from './duplicates/duplicate-operations.ts';
import { reactivateKey } from './key-reactivation.ts';
import { organizationId } from './system-tables.ts';

function whoAmI(context: ApiContext): ApiResponse {
  return jsonResponse(200, {
    '@odata.context': `${context.baseUrl}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
    BusinessUnitId: context.caller.businessUnitId,
    UserId: context.caller.userId,
    OrganizationId: organizationId,
  });
}

/** Answers functions and actions that belong to no table; undefined for other paths. */
export function unboundOperation(
  context: ApiContext,
  request: ApiRequest,
): ApiResponse | undefined {
  const name = /^[A-Za-z]+/.exec(request.path)?.[0];
  switch (`${request.method} ${name}`) {
    case 'GET WhoAmI':
      return whoAmI(context);
    case 'GET RetrieveDuplicates':
      return retrieveDuplicates(context, request);
    case 'POST PublishDuplicateRule':
      return publishRule(context, request, true);
    case 'POST ReactivateEntityKey':
      return reactivateKey(context, request);
    case 'POST UnpublishDuplicateRule':
      return publishRule(context, request, false);
    default:
      return undefined;
  }
}
