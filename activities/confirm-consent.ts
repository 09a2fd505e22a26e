import type { PermittedResource } from './decide-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import { loadBodies } from './resources.ts';

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
 */
export async function confirmConsent(
  deps: ActivityDependencies,
  { resources }: ConfirmConsentInput,
): Promise<ConfirmConsentOutput> {
  const patients = [...new Set(resources.flatMap((resource) => resource.patients))];
  if (patients.length === 0) return { turned: [] };
  const consents = await readConsents(deps, patients);
  const bodies = await loadBodies(deps, resources);
  const turned = new Set<string>();
  for (const { reference, patients: about } of resources) {
    const resource = bodies.get(reference);
    if (resource === undefined) continue;
    for (const patient of about) {
      const decision = decide(deps, { patient, resource, wishes: { consents } });
      if (decision.kind === 'deny') turned.add(patient);
    }
  }
  return { turned: [...turned] };
}
