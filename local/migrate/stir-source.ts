import { z } from 'zod';
import { RunError } from '../run/run-error.ts';

export interface Stirred {
  readonly updated: number;
  readonly deleted: number;
}

const page = z.object({
  entry: z
    .array(z.object({ resource: z.looseObject({ resourceType: z.string(), id: z.string() }) }))
    .optional(),
});

/** Most that are touched of a type. */
const most = 40;

/** Gives some observations a second version and deletes others: half of them softly, half for good. */
export async function stirSource(url: string): Promise<Stirred> {
  const found = await search(`${url}/Observation?_count=${most}&_sort=_lastUpdated`);
  const third = Math.ceil(found.length / 3);
  for (const resource of found.slice(0, third)) {
    const changed = { ...resource, note: [{ text: 'Looked at again.' }] };
    await call('PUT', `${url}/${resource.resourceType}/${resource.id}`, changed);
  }
  const doomed = found.slice(third, 2 * third);
  for (const [index, { resourceType, id }] of doomed.entries()) {
    const hard = index % 2 === 0 ? '?_hardDelete=true' : '';
    await call('DELETE', `${url}/${resourceType}/${id}${hard}`);
  }
  return { updated: Math.min(third, found.length), deleted: doomed.length };
}

async function search(url: string) {
  const response = await fetch(url);
  const { entry = [] } = page.parse(await response.json());
  return entry.map(({ resource }) => resource);
}

async function call(method: string, url: string, body?: object): Promise<void> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new RunError(`${method} on the source answered ${response.status}`);
}
