import { createHash } from 'node:crypto';
import { patientSearches } from '../shared/consent/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { partsOf } from './resources.ts';
import { typesWithPlaces } from './row-places.ts';

export interface FindCompartmentInput {
  /** `Patient/id` */
  readonly patient: string;
  /** Names this pass, so that its changes have ids of their own. */
  readonly pass: string;
  /** Where the answer before ended; absent at the beginning. */
  readonly from?: CompartmentPlace;
}

/** A place in the searches of a compartment, which are done in the order of their names. */
export interface CompartmentPlace {
  /** `Type parameter` */
  readonly search: string;
  /** The page; the first one when absent. */
  readonly link?: string;
}

export interface FindCompartmentOutput {
  /** Fewer than 200. */
  readonly changes: readonly Change[];
  /** Where to go on; absent at the end. */
  readonly next?: CompartmentPlace;
}

/** Resources of one page, and what an answer has at least before it ends early. */
const pageSize = 100;

/**
 * The patient and everything that is about them, as main patient or as another one,
 * of every type of which rows may be there, as changes to go through (references
 * only, a part at a time). Read by search, because the compartment may hold what
 * never went through this product. A resource that changes meanwhile may come twice.
 */
export async function findCompartment(
  deps: ActivityDependencies,
  { patient, pass, from }: FindCompartmentInput,
): Promise<FindCompartmentOutput> {
  const occurredAt = deps.now().toISOString();
  const references = from === undefined ? [patient] : [];
  const searches = (await searchesIn(deps)).filter((search) => search >= (from?.search ?? ''));
  const changes = (): readonly Change[] =>
    [...new Set(references)].map((reference) => ({
      ...partsOf(reference),
      changeId: changeIdOf(`${pass} ${from?.search ?? ''} ${from?.link ?? ''}`, reference),
      kind: 'updated',
      cause: 'backfill',
      occurredAt,
    }));
  for (const search of searches) {
    let link = search === from?.search ? from.link : undefined;
    do {
      if (references.length >= pageSize) return { changes: changes(), next: placeAt(search, link) };
      const page = await searchPage(deps, { patient, search, link });
      references.push(...page.references);
      link = page.next;
    } while (link !== undefined);
  }
  return { changes: changes() };
}

const placeAt = (search: string, link: string | undefined): CompartmentPlace =>
  link === undefined ? { search } : { search, link };

/** `Type parameter`, in an order that holds when types are added between two answers. */
async function searchesIn(deps: ActivityDependencies): Promise<readonly string[]> {
  const types = [...(await typesWithPlaces(deps))];
  return types
    .filter((type) => type !== 'Patient')
    .flatMap((type) => patientSearches(type).map((parameter) => `${type} ${parameter}`))
    .sort();
}

interface WantedPage {
  readonly patient: string;
  readonly search: string;
  readonly link: string | undefined;
}

async function searchPage(
  { fhir }: ActivityDependencies,
  { patient, search, link }: WantedPage,
): Promise<{ readonly references: readonly string[]; readonly next: string | undefined }> {
  const [type = '', parameter = ''] = search.split(' ');
  const parameters = [
    [parameter, patient],
    ['_elements', 'id'],
    ['_count', String(pageSize)],
  ] as const;
  const page = await fhir.searchPage(type, parameters, link);
  const references = page.resources.flatMap(({ resourceType, id }) =>
    resourceType === type && id !== undefined ? [`${type}/${id}`] : [],
  );
  return { references, next: page.next };
}

const changeIdOf = (pass: string, reference: string): string =>
  createHash('sha256').update(`${pass} ${reference}`).digest('hex').slice(0, 32);
