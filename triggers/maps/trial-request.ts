import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import {
  type FhirClient,
  type FhirResource,
  isResourceType,
  parseReference,
  type ResourceReference,
} from '../../shared/fhir/index.ts';
import type { Trial } from '../../shared/mapping/index.ts';
import { readLargeBody } from '../read-body.ts';
import { mostCharacters } from './map-request.ts';

/** Resources that one call looks at; each may cost a query for every expansion, within one HTTP answer. */
const mostResources = 200;

const trialSchema = z.strictObject({
  drafts: z
    .array(
      z.strictObject({
        kind: z.enum(['entity', 'expansion', 'values']),
        content: z.looseObject({ name: z.string().min(1) }),
      }),
    )
    .max(50)
    .default([]),
  enable: z.array(z.string()).max(100).default([]),
  resources: z.array(z.string()).max(mostResources).default([]),
  search: z.string().max(2_000).exactOptional(),
  limit: z.int().min(1).max(mostResources).default(50),
  versions: z.enum(['next', 'current']).default('next'),
});

/** Maps to try, and what to try them on. */
export type TrialRequest = z.infer<typeof trialSchema>;

const shape =
  '{"drafts": [{"kind": "entity", "content": {…}}], "enable": ["name"], "resources": ["Patient/1"] or "search": "Patient?…", "limit": 50}';

export function readTrial(request: HttpRequest): Promise<TrialRequest> {
  return readLargeBody(request, trialSchema, { shape, mostCharacters });
}

/** Drafts of root maps are tried as though they were enabled, in place of the enabled ones of their resource types. */
export function trialOf({ drafts, enable }: TrialRequest): Trial {
  const overlays = drafts.map(({ kind, content }) => ({ kind, name: content.name, content }));
  const roots = overlays.filter(({ kind }) => kind === 'entity').map(({ name }) => name);
  return { drafts: overlays, enable: [...enable, ...roots] };
}

export interface TrialResources {
  readonly found: readonly FhirResource[];
  /** References of resources that FHIR does not have or does not let us read. */
  readonly missing: readonly string[];
}

/** The current versions of what the request names: all of `resources`, and the first of what `search` finds. */
export async function readResources(
  fhir: FhirClient,
  { resources, search, limit }: TrialRequest,
): Promise<TrialResources> {
  const named = await readNamed(fhir, resources.map(referenceOf));
  if (search === undefined) return named;
  return { ...named, found: [...named.found, ...(await firstOf(fhir, search, limit))] };
}

async function readNamed(
  fhir: FhirClient,
  references: readonly ResourceReference[],
): Promise<TrialResources> {
  const results = references.length > 0 ? await fhir.readCurrent(references) : [];
  if (results.some(({ kind }) => kind === 'failed')) {
    throw new AppError('FHIR_UNAVAILABLE', 'some of the resources could not be read; try again');
  }
  return {
    found: results.flatMap((result) => (result.kind === 'current' ? [result.resource] : [])),
    missing: results.flatMap(({ kind, reference: { resourceType, id } }) =>
      kind === 'current' ? [] : [`${resourceType}/${id}`],
    ),
  };
}

function referenceOf(text: string): ResourceReference {
  const reference = parseReference(text);
  if (reference !== undefined) return reference;
  throw new AppError('INPUT_INVALID', 'resources are references such as Patient/1');
}

async function firstOf(
  fhir: FhirClient,
  search: string,
  limit: number,
): Promise<readonly FhirResource[]> {
  const [, resourceType = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(search) ?? [];
  if (!isResourceType(resourceType)) {
    throw new AppError(
      'INPUT_INVALID',
      'search is a type and its parameters: Patient?gender=female',
    );
  }
  const asked = [...new URLSearchParams(query)].filter(([name]) => name !== '_count');
  const parameters = [...asked, ['_count', String(limit)] as const];
  const found: FhirResource[] = [];
  for await (const resource of fhir.search(resourceType, parameters)) {
    if (found.length >= limit) break;
    found.push(resource);
  }
  return found;
}
