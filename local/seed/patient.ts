import type {
  Address,
  ContactPoint,
  Extension,
  HumanName,
  Identifier,
  Patient,
} from '@medplum/fhirtypes';
import { dateDaysAgo, daysAgo } from './calendar.ts';
import { patientIdOf } from './identity.ts';
import { type Region, regions } from './people.ts';
import type { Random } from './random.ts';
import { type Identified, referenceTo, terminology } from './resource.ts';
import type { SharedResources } from './shared-resources.ts';

export interface PatientPlan {
  readonly seed: number;
  readonly index: number;
  readonly random: Random;
  readonly shared: SharedResources;
}

type Gender = 'male' | 'female';

/** A Patient in the shape of US Core, from any of several countries. */
export function patient({ seed, index, random, shared }: PatientPlan): Identified<Patient> {
  const region = random.pick(regions);
  const gender: Gender = random.pick(['male', 'female']);
  const ageDays = random.whole(200, 34_000);
  return {
    resourceType: 'Patient',
    id: patientIdOf(seed, index),
    meta: {
      profile: ['http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient'],
    },
    ...(region.country === 'US' ? { extension: usCoreExtensions(gender, random) } : {}),
    identifier: identifiers(region, index, random),
    active: true,
    name: names(region, gender, random),
    telecom: telecoms(region, index, random),
    gender: random.chance(0.02) ? 'other' : gender,
    birthDate: dateDaysAgo(ageDays),
    ...death(ageDays, random),
    address: addresses(region, random),
    ...(ageDays > 7_000 ? { maritalStatus: maritalStatus(random) } : {}),
    ...births(random),
    communication: [
      {
        language: { coding: [{ system: 'urn:ietf:bcp:47', code: region.language }] },
        preferred: true,
      },
    ],
    generalPractitioner: [referenceTo(random.pick(shared.practitioners))],
    managingOrganization: referenceTo(random.pick(shared.organizations)),
    ...links(seed, index),
  };
}

function identifiers(region: Region, index: number, random: Random): Identifier[] {
  const serial = String(index).padStart(7, '0');
  const identifierType = (code: string, text: string) => ({
    type: terminology('v2-0203', [code, text]),
  });
  const record: Identifier = {
    use: 'usual',
    ...identifierType('MR', 'Medical record number'),
    system: 'http://northwind.example.org/mrn',
    value: `MRN-${serial}`,
  };
  if (region.country !== 'US') {
    const passport: Identifier = {
      use: 'official',
      ...identifierType('PPN', 'Passport number'),
      system: `http://hl7.org/fhir/sid/passport-${countryIso3[region.country] ?? 'XXX'}`,
      value: `X${random.whole(1_000_000, 9_999_999)}`,
    };
    return [record, passport];
  }
  // Area 9xx was never issued as a Social Security number.
  const social = `9${random.whole(10, 99)}-${random.whole(10, 99)}-${serial.slice(-4)}`;
  return [
    record,
    {
      use: 'official',
      ...identifierType('SS', 'Social Security number'),
      system: 'http://hl7.org/fhir/sid/us-ssn',
      value: social,
    },
    {
      use: 'secondary',
      ...identifierType('DL', "Driver's license number"),
      system: 'urn:oid:2.16.840.1.113883.4.3.25',
      value: `S99${random.whole(100_000, 999_999)}`,
    },
  ];
}

const countryIso3: Readonly<Record<string, string>> = {
  ...{ DE: 'DEU', PL: 'POL', IE: 'IRL', VN: 'VNM', JP: 'JPN', GR: 'GRC', EG: 'EGY' },
};

function names(region: Region, gender: Gender, random: Random): HumanName[] {
  const familyAt = random.whole(0, region.family.length - 1);
  const givenAt = random.whole(0, region[gender].length - 1);
  const family = region.family[familyAt] ?? region.family[0];
  const given = region[gender][givenAt] ?? region[gender][0];
  const second = random.chance(0.4) ? [random.pick(region[gender])] : [];
  const official: HumanName = {
    use: 'official',
    text: [given, ...second, family].join(' '),
    family,
    given: [given, ...second],
    ...(random.chance(0.1) ? { suffix: ['Jr.'] } : {}),
    ...(random.chance(0.3) ? { prefix: [gender === 'male' ? 'Mr.' : 'Ms.'] } : {}),
  };
  const scriptFamily = region.familyInScript?.[familyAt];
  const scriptGiven = region.givenInScript?.[gender][givenAt];
  const inScript: HumanName[] =
    scriptFamily === undefined || scriptGiven === undefined
      ? []
      : [{ use: 'usual', family: scriptFamily, given: [scriptGiven] }];
  const maiden: HumanName[] =
    gender === 'female' && random.chance(0.25)
      ? [{ use: 'maiden', family: random.pick(region.family), given: [given] }]
      : [];
  return [official, ...inScript, ...maiden];
}

function telecoms(region: Region, index: number, random: Random): ContactPoint[] {
  const number = () => `${region.calling}-555-${random.whole(1_000_000, 9_999_999)}`;
  const home: ContactPoint = { system: 'phone', value: number(), use: 'home', rank: 1 };
  const mobile: ContactPoint = { system: 'phone', value: number(), use: 'mobile', rank: 2 };
  const mail: ContactPoint = {
    ...{ system: 'email', value: `patient${index}@example.org`, use: 'home' },
  };
  return random.chance(0.8) ? [home, mobile, mail] : [home];
}

function addresses(region: Region, random: Random): Address[] {
  const home: Address = {
    ...{ use: 'home', type: 'both', ...random.pick(region.places), country: region.country },
    period: { start: dateDaysAgo(random.whole(30, 3_000)) },
  };
  if (!random.chance(0.2)) return [home];
  const old: Address = {
    ...{ use: 'old', ...random.pick(region.places), country: region.country },
    period: { start: dateDaysAgo(6_000), end: dateDaysAgo(3_001) },
  };
  return [home, old];
}

function death(
  ageDays: number,
  random: Random,
): Pick<Patient, 'deceasedBoolean' | 'deceasedDateTime'> {
  if (ageDays < 20_000 || !random.chance(0.15)) return { deceasedBoolean: false };
  return { deceasedDateTime: daysAgo(random.whole(0, 100)) };
}

function births(random: Random): Pick<Patient, 'multipleBirthBoolean' | 'multipleBirthInteger'> {
  if (random.chance(0.04)) return { multipleBirthInteger: random.whole(1, 3) };
  return random.chance(0.5) ? { multipleBirthBoolean: false } : {};
}

function maritalStatus(random: Random) {
  return terminology(
    'v3-MaritalStatus',
    random.pick([
      ['M', 'Married'],
      ['S', 'Never Married'],
      ['D', 'Divorced'],
      ['W', 'Widowed'],
    ]),
  );
}

/** Every 20th patient is linked to the one before, which exists already. */
function links(seed: number, index: number): Pick<Patient, 'link'> {
  if (index % 20 !== 19) return {};
  const other = { reference: `Patient/${patientIdOf(seed, index - 1)}` };
  return { link: [{ other, type: 'seealso' }] };
}

const usCore = 'http://hl7.org/fhir/us/core/StructureDefinition';
const raceSystem = 'urn:oid:2.16.840.1.113883.6.238';

function usCoreExtensions(gender: Gender, random: Random): Extension[] {
  const race = random.pick([
    ['2106-3', 'White'],
    ['2054-5', 'Black or African American'],
    ['2028-9', 'Asian'],
  ]);
  const ethnicity = random.pick([
    ['2186-5', 'Not Hispanic or Latino'],
    ['2135-2', 'Hispanic or Latino'],
  ]);
  return [
    ombExtension('us-core-race', race),
    ombExtension('us-core-ethnicity', ethnicity),
    { url: `${usCore}/us-core-birthsex`, valueCode: gender === 'male' ? 'M' : 'F' },
  ];
}

function ombExtension(name: string, [code = '', display = '']: readonly string[]): Extension {
  return {
    url: `${usCore}/${name}`,
    extension: [
      { url: 'ombCategory', valueCoding: { system: raceSystem, code, display } },
      { url: 'text', valueString: display },
    ],
  };
}
