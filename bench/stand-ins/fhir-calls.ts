import { generatePatients } from '../../local/seed/index.ts';
import type { Call } from './http-load.ts';

const json = { 'content-type': 'application/fhir+json' };
export const batchSize = 100;

type Resource = { readonly resourceType: string; readonly id: string };

/** Invented resources of about 860 bytes, the same for every run. */
export function sampleResources(count: number, seed: number): readonly Resource[] {
  const taken: Resource[] = [];
  const patients = Math.ceil(count / 40) + 1;
  for (const { resources } of generatePatients({ patients, seed })) {
    taken.push(...resources);
    if (taken.length >= count) break;
  }
  return taken.slice(0, count);
}

export function putCall(base: string, resource: Resource): Call {
  const url = `${base}/${resource.resourceType}/${resource.id}`;
  return { method: 'PUT', url, headers: json, body: JSON.stringify(resource) };
}

export function batchCalls(base: string, resources: readonly Resource[]): readonly Call[] {
  return Array.from({ length: Math.ceil(resources.length / batchSize) }, (_, index) => {
    const some = resources.slice(index * batchSize, (index + 1) * batchSize);
    const entry = some.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }));
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    return { method: 'POST', url: base, headers: { ...json, prefer: 'return=minimal' }, body };
  });
}
