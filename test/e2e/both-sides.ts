import { setTimeout as sleep } from 'node:timers/promises';

export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: { readonly versionId: string };
  readonly identifier?: readonly { readonly system?: string; readonly value?: string }[];
  readonly status?: string;
  readonly provision?: { readonly type?: string };
  readonly patient?: { readonly reference: string };
  readonly subject?: { readonly reference: string };
  readonly [element: string]: unknown;
}

export type Row = Readonly<Record<string, unknown>>;

/** The JSON body of an answer, as the test expects it to be. */
export async function json<T>(answer: Response | Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}

interface Bundle {
  readonly entry?: readonly { readonly resource: Resource }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

interface Page {
  readonly value: readonly Row[];
  readonly error?: unknown;
  readonly '@odata.nextLink'?: string;
}

/** Every resource of a type, through all pages. */
export async function resourcesOf(fhirUrl: string, type: string): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  let next: string | undefined = `${fhirUrl}/${type}?_count=500`;
  while (next !== undefined) {
    const bundle: Bundle = await json(fetch(next));
    found.push(...(bundle.entry ?? []).map(({ resource }) => resource));
    next = bundle.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return found;
}

/** Every row of an entity set, through all pages. */
export async function rowsOf(dataverseUrl: string, path: string): Promise<readonly Row[]> {
  const found: Row[] = [];
  let next: string | undefined = `${dataverseUrl}/api/data/v9.2/${path}`;
  while (next !== undefined) {
    const page: Page = await json(fetch(next));
    if (page.error) throw new Error(`${path}: ${JSON.stringify(page.error)}`);
    found.push(...page.value);
    next = page['@odata.nextLink'];
  }
  return found;
}

/** The rows of a set without what differs between two runs of the same work. */
export async function comparableRows(
  dataverseUrl: string,
  set: string,
): Promise<readonly string[]> {
  const volatile = /^(@odata|createdon|modifiedon|versionnumber|msemr_azurefhirlastupdatedon)/;
  const rows = await rowsOf(dataverseUrl, set);
  return rows
    .map((row) => Object.entries(row).filter(([name]) => !volatile.test(name)))
    .map((entries) => JSON.stringify(entries.sort(([left], [right]) => (left < right ? -1 : 1))))
    .sort();
}

/** Asks until the answer is what was waited for. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = Date.now() + 90_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`did not happen: ${what}`);
    await sleep(150);
  }
}
