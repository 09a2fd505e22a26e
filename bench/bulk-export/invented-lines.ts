/** NDJSON of invented observations, about 1 kB each, of at most so many bytes. */
export function inventedLines(bytes: number): { readonly ndjson: Buffer; readonly lines: number } {
  const parts: Buffer[] = [];
  let size = 0;
  for (let n = 0; ; n += 1) {
    const line = Buffer.from(`${observation(n)}\n`);
    if (size + line.length > bytes) return { ndjson: Buffer.concat(parts), lines: parts.length };
    parts.push(line);
    size += line.length;
  }
}

function observation(n: number): string {
  const at = new Date(1_700_000_000_000 + n * 1000).toISOString();
  const code = (system: string, value: string, display: string) => ({
    coding: [{ system, code: value, display }],
    text: display,
  });
  return JSON.stringify({
    resourceType: 'Observation',
    id: `obs-${n.toString(36).padStart(8, '0')}`,
    meta: {
      versionId: String(1 + (n % 5)),
      lastUpdated: at,
      profile: [`${us}us-core-vital-signs`],
    },
    status: 'final',
    category: [
      code(
        'http://terminology.hl7.org/CodeSystem/observation-category',
        'vital-signs',
        'Vital Signs',
      ),
    ],
    code: code('http://loinc.org', '85354-9', 'Blood pressure panel with all children optional'),
    subject: { reference: `Patient/patient-${n % 1000}` },
    encounter: { reference: `Encounter/encounter-${n % 5000}` },
    effectiveDateTime: at,
    issued: at,
    component: ['8480-6', '8462-4'].map((value, index) => ({
      code: code(
        'http://loinc.org',
        value,
        index === 0 ? 'Systolic blood pressure' : 'Diastolic blood pressure',
      ),
      valueQuantity: {
        value: 80 + (n % 60) + index / 4,
        unit: 'mmHg',
        system: 'http://unitsofmeasure.org',
        code: 'mm[Hg]',
      },
    })),
  });
}

const us = 'http://hl7.org/fhir/us/core/StructureDefinition/';
