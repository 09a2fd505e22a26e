import { AppError } from '../shared/errors.ts';
import type { PermittedResource } from './decide-consent.ts';
import type { MaplessDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import { readBodies } from './resources.ts';

export interface ConfirmConsentInput {
  readonly resources: readonly PermittedResource[];
}

export interface ConfirmConsentOutput {
  /** Patients whose consent turned to a refusal while their rows were being written. */
  readonly turned: readonly string[];
}

/**
 * Looks at consent once more after the rows are written. Either this look sees
 * a Consent that became readable meanwhile, or the consent turn that the Consent
 * starts sees the rows: a refusal is never missed between the two.
 * @throws AppError FHIR_UNAVAILABLE while Consents or bodies cannot be read
 */
export async function confirmConsent(
  deps: MaplessDependencies,
  { resources }: ConfirmConsentInput,
): Promise<ConfirmConsentOutput> {
  const patients = [...new Set(resources.flatMap((resource) => resource.patients))];
  if (patients.length === 0) return { turned: [] };
  const consents = await readConsents(deps, patients);
  const { bodies, failed } = await readBodies(deps, resources);
  if (failed.size > 0) {
    throw new AppError(
      'FHIR_UNAVAILABLE',
      'consent could not be confirmed for every resource yet',
      {
        details: { resources: failed.size },
      },
    );
  }
  const turned = new Set<string>();
  for (const { reference, patients: about } of resources) {
    const resource = bodies.get(reference);
    // A version that is there no more has a successor, which passes the gate by itself.
    if (resource === undefined) continue;
    for (const patient of about) {
      const decision = decide(deps, { patient, resource, wishes: { consents } });
      if (decision.kind === 'deny') turned.add(patient);
    }
  }
  return { turned: [...turned] };
}
