import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse } from '../api-message.ts';
import { readBody } from '../payload.ts';
import { notImplemented } from '../protocol-error.ts';
import { requireNamedPrivilege } from '../security/named-privilege.ts';
import { refused } from './refusal.ts';
import { createPolymorphicLookup } from './write-relationships.ts';

/** What a collection of definitions is called in privilege names. */
const subjects: Readonly<Record<string, string>> = {
  EntityDefinitions: 'Entity',
  Attributes: 'Attribute',
  Keys: 'Entity',
  RelationshipDefinitions: 'Relationship',
  GlobalOptionSetDefinitions: 'OptionSet',
  CreatePolymorphicLookupAttribute: 'Relationship',
};

const verbs: Readonly<Record<string, string>> = { POST: 'Create', PUT: 'Write', DELETE: 'Delete' };

const solutionName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * What every write of metadata needs: the privilege, a solution name that is
 * one, and a place outside a batch.
 */
export function requireMetadataWrite(
  context: ApiContext,
  request: ApiRequest,
  collection: string,
): void {
  const verb = verbs[request.method];
  const subject = subjects[collection];
  if (verb === undefined || subject === undefined) {
    return;
  }
  requireNamedPrivilege(context.caller, `prv${verb}${subject}`, subject.toLowerCase());
  const solution = request.headers['mscrm.solutionuniquename'];
  if (solution !== undefined && !solutionName.test(solution)) {
    throw refused(`MSCRM.SolutionUniqueName '${solution}' is not the unique name of a solution.`);
  }
  if (context.store.isInside) {
    throw notImplemented('writing metadata inside a batch');
  }
}

function publish(context: ApiContext, request: ApiRequest, needsXml: boolean): ApiResponse {
  requireNamedPrivilege(context.caller, 'prvPublishCustomization', 'customization');
  const xml = needsXml ? readBody(request.body)['ParameterXml'] : undefined;
  if (needsXml && !(typeof xml === 'string' && xml.includes('<importexportxml'))) {
    throw refused('PublishXml needs ParameterXml: <importexportxml>...</importexportxml>.');
  }
  return emptyResponse(204);
}

/** Answers the unbound actions about metadata; undefined for other names. */
export function metadataAction(
  context: ApiContext,
  request: ApiRequest,
  name: string,
): ApiResponse | undefined {
  if (request.method !== 'POST') {
    return undefined;
  }
  switch (name) {
    case 'CreatePolymorphicLookupAttribute':
      requireMetadataWrite(context, request, name);
      return createPolymorphicLookup(context, request);
    case 'PublishXml':
      return publish(context, request, true);
    case 'PublishAllXml':
      return publish(context, request, false);
    default:
      return undefined;
  }
}
