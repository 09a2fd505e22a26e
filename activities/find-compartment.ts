import { createHash } from 'node:crypto';
import type { Change } from '../shared/events/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { partsOf } from './resources.ts';

export interface FindCompartmentInput {
  /** `Patient/id` */
  readonly patient: string;
  /** Names this pass, so that its changes have ids of their own. */
  readonly pass: string;
}

export interface FindCompartmentOutput {
  readonly changes: readonly Change[];
}

/**
 * The patient and everything of a mapped type that is about them, as changes to
 * go through (references only). Read by search, because the compartment may hold
 * what never went through this product.
 */
export async function findCompartment(
  deps: ActivityDependencies,
  { patient, pass }: FindCompartmentInput,
): Promise<FindCompartmentOutput> {
  const occurredAt = deps.now().toISOString();
  const references = [patient];
  for (const { resourceType, patientColumn } of deps.pack.roots.values()) {
    if (resourceType === 'Patient' || patientColumn === undefined) continue;
    const parameters = [
      ['patient', patient],
      ['_elements', 'id'],
      ['_count', '1000'],
    ] as const;
    for await (const resource of deps.fhir.search(resourceType, parameters)) {
      if (resource.id !== undefined) references.push(`${resourceType}/${resource.id}`);
    }
  }
  return {
    changes: references.map((reference) => ({
      ...partsOf(reference),
      changeId: changeIdOf(pass, reference),
      kind: 'updated',
      cause: 'backfill',
      occurredAt,
    })),
  };
}

const changeIdOf = (pass: string, reference: string): string =>
  createHash('sha256').update(`${pass} ${reference}`).digest('hex').slice(0, 32);
