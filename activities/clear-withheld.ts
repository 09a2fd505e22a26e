import type { MaplessDependencies } from './dependencies.ts';

export interface ClearWithheldInput {
  /** `Patient/id` */
  readonly patient: string;
}

/** Forgets that something was held back, before everything about the patient is gone through: what is held back then marks anew. */
export async function clearWithheld(
  { ledger }: MaplessDependencies,
  { patient }: ClearWithheldInput,
): Promise<{ readonly cleared: string }> {
  await ledger.withheldPatients.clear(patient);
  return { cleared: patient };
}
