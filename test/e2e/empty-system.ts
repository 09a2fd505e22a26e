import { expect } from 'vitest';
import { eventually } from './both-sides.ts';
import { type LocalRun, localRun } from './local-run.ts';

/** `npm start -- --no-seed`, and where it listens. */
export interface EmptySystem {
  readonly run: LocalRun;
  readonly fhirUrl: string;
  readonly dataverse: string;
  readonly functions: string;
  put(resource: { resourceType: string; id: string; [element: string]: unknown }): Promise<void>;
}

export async function startEmptySystem(): Promise<EmptySystem> {
  const run = localRun(['--no-seed']);
  const address = async (pattern: RegExp) => (await run.says(pattern))[1] ?? '';
  const fhirUrl = await address(/FHIR\s+(http\S+)/);
  const dataverse = new URL(await address(/Dataverse\s+(http\S+)/)).origin;
  const functions = await address(/Functions\s+(http\S+)/);
  await run.says(/Three things to try/);
  return {
    ...{ run, fhirUrl, dataverse, functions },
    put: async (resource) => {
      const response = await fetch(`${fhirUrl}/${resource.resourceType}/${resource.id}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify(resource),
      });
      expect(response.ok).toBe(true);
    },
  };
}

/** The process of a Functions host, once this activity has succeeded there. */
export async function hostAfter(functions: string, activity: string): Promise<number> {
  return eventually(async () => {
    const answer = await fetch(`${functions}/_control/status`).catch(() => undefined);
    const status = (await answer?.json()) as
      | { invocations?: Record<string, { succeeded: number }>; processId?: number }
      | undefined;
    const succeeded = status?.invocations?.[activity]?.succeeded ?? 0;
    return succeeded > 0 ? status?.processId : undefined;
  }, `${activity} under way`);
}
