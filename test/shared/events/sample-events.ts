/** Events as Azure Health Data Services sends them (facts: dataverse-and-events B1). */
const account = 'acct.fhir.azurehealthcareapis.com';

export interface SampleOptions {
  readonly id?: string;
  readonly type?: string;
  readonly resourceType?: string;
  readonly resourceId?: string;
  readonly version?: unknown;
}

export function eventGridEvent(options: SampleOptions = {}): Record<string, unknown> {
  const { id = 'e-1', type = 'Updated', resourceType = 'Patient', resourceId = 'p1' } = options;
  return {
    id,
    topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/workspaces/w',
    subject: `${account}/${resourceType}/${resourceId}`,
    eventType: `Microsoft.HealthcareApis.FhirResource${type}`,
    eventTime: '2026-01-02T03:04:05.1234567Z',
    dataVersion: '2',
    metadataVersion: '1',
    data: dataOf(resourceType, resourceId, options.version ?? 2),
  };
}

export function cloudEvent(options: SampleOptions = {}): Record<string, unknown> {
  const { id = 'e-1', type = 'Updated', resourceType = 'Patient', resourceId = 'p1' } = options;
  return {
    id,
    source: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/workspaces/w',
    specversion: '1.0',
    type: `Microsoft.HealthcareApis.FhirResource${type}`,
    dataschema: '#2',
    subject: `${account}/${resourceType}/${resourceId}`,
    time: '2026-01-02T03:04:05.1234567Z',
    data: dataOf(resourceType, resourceId, options.version ?? 2),
  };
}

function dataOf(resourceType: string, resourceId: string, version: unknown) {
  return {
    resourceType,
    resourceFhirAccount: account,
    resourceFhirId: resourceId,
    resourceVersionId: version,
  };
}
