import { generatePatients } from '../../local/seed/index.ts';
import type { Call } from './http-load.ts';

const json = { 'content-type': 'application/fhir+json' };

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

/** Observations of about 300 bytes, as devices send them. */
export function smallObservations(count: number, seed: number): readonly Resource[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ resourceType: 'Observation', id: `${seed}-${index}`, status: 'final' },
    code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
    subject: { reference: `Patient/${index % 5_000}` },
    effectiveDateTime: `2024-01-${String((index % 28) + 1).padStart(2, '0')}`,
    valueQuantity: { value: index % 100, unit: 'kg' },
  }));
}

export function putCall(base: string, resource: Resource): Call {
  const url = `${base}/${resource.resourceType}/${resource.id}`;
  return { method: 'PUT', url, headers: json, body: JSON.stringify(resource) };
}

/** Bundles of `size` upserts each. */
export function batchCalls(
  base: string,
  resources: readonly Resource[],
  size: number,
): readonly Call[] {
  return Array.from({ length: Math.ceil(resources.length / size) }, (_, index) => {
    const some = resources.slice(index * size, (index + 1) * size);
    const entry = some.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }));
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    return { method: 'POST', url: base, headers: { ...json, prefer: 'return=minimal' }, body };
  });
}
