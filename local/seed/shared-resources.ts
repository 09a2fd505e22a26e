import type { Location, Organization, Practitioner, Resource } from '@medplum/fhirtypes';
import { uuidOf } from './identity.ts';
import { regions } from './people.ts';
import { type Random, seededRandom } from './random.ts';
import { type Identified, referenceTo, terminology } from './resource.ts';

/** What all patients of one seed refer to. */
export interface SharedResources {
  readonly organizations: readonly [Identified<Organization>, ...Identified<Organization>[]];
  readonly practitioners: readonly [Identified<Practitioner>, ...Identified<Practitioner>[]];
  readonly locations: readonly [Identified<Location>, ...Identified<Location>[]];
}

const hospitals = ['Saint Mary’s Hospital', 'Hôpital Général', 'Universitätsklinikum Süd'] as const;

export function sharedResources(seed: number): SharedResources {
  const random = seededRandom(seed);
  const group = organization(seed, 'Northwind Health Group');
  const sites = hospitals.map((name) => organization(seed, name, group));
  const departments = sites.map((site, index) =>
    organization(seed, `Internal Medicine ${index + 1}`, site),
  );
  const [firstSite = group] = sites;
  const locations = sites.flatMap((site) => {
    const building = location(seed, `${site.name} main building`, site);
    return [building, location(seed, `${site.name} ward A`, site, building)];
  });
  return {
    organizations: [group, ...sites, ...departments],
    practitioners: [
      practitioner(seed, 0, random),
      ...Array.from({ length: 11 }, (_, index) => practitioner(seed, index + 1, random)),
    ],
    locations: [location(seed, 'Northwind reception', firstSite), ...locations],
  };
}

/** Organizations, practitioners and locations, each after what it refers to. Feed them before the patients. */
export function* generateShared(seed: number): Generator<Identified<Resource>> {
  const { organizations, practitioners, locations } = sharedResources(seed);
  yield* organizations;
  yield* practitioners;
  yield* locations;
}

function organization(
  seed: number,
  name: string,
  partOf?: Identified<Organization>,
): Identified<Organization> {
  const id = uuidOf(seed, 'Organization', name);
  return {
    resourceType: 'Organization',
    id,
    identifier: [{ system: 'http://northwind.example.org/organizations', value: id.slice(0, 8) }],
    active: true,
    type: [
      partOf === undefined
        ? terminology('organization-type', ['prov', 'Healthcare Provider'])
        : terminology('organization-type', ['dept', 'Hospital Department']),
    ],
    name,
    telecom: [{ system: 'phone', value: '+1-555-0100', use: 'work' }],
    address: [{ line: ['1 Hospital Way'], city: 'Springfield', state: 'IL', country: 'US' }],
    ...(partOf === undefined ? {} : { partOf: referenceTo(partOf) }),
  };
}

function practitioner(seed: number, index: number, random: Random): Identified<Practitioner> {
  const region = random.pick(regions);
  const gender = random.pick(['male', 'female']);
  const family = random.pick(region.family);
  return {
    resourceType: 'Practitioner',
    id: uuidOf(seed, 'Practitioner', index),
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npiOf(100_000_000 + index) }],
    active: true,
    name: [{ use: 'official', family, given: [random.pick(region[gender])], prefix: ['Dr.'] }],
    telecom: [{ system: 'email', value: `doctor${index}@northwind.example.org`, use: 'work' }],
    gender,
    qualification: [
      {
        code: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/v2-0360',
              code: 'MD',
              display: 'Doctor of Medicine',
            },
          ],
          text: 'Doctor of Medicine',
        },
      },
    ],
  };
}

/** A National Provider Identifier: nine digits and the Luhn digit over "80840" and them (45 CFR 162.408). */
function npiOf(nineDigits: number): string {
  const digits = `80840${nineDigits}`;
  let sum = 0;
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits.charAt(digits.length - 1 - place));
    const doubled = place % 2 === 0 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return `${nineDigits}${(10 - (sum % 10)) % 10}`;
}

function location(
  seed: number,
  name: string,
  owner: Identified<Organization>,
  partOf?: Identified<Location>,
): Identified<Location> {
  return {
    resourceType: 'Location',
    id: uuidOf(seed, 'Location', name),
    status: 'active',
    name,
    mode: 'instance',
    physicalType:
      partOf === undefined
        ? terminology('location-physical-type', ['bu', 'Building'])
        : terminology('location-physical-type', ['wa', 'Ward']),
    managingOrganization: referenceTo(owner),
    ...(partOf === undefined ? {} : { partOf: referenceTo(partOf) }),
  };
}
