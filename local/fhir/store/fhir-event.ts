import { randomUUID } from 'node:crypto';
import { lastUpdatedOf } from './clock.ts';
import type { StoredVersion } from './stored-version.ts';

const topic =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.HealthcareApis/workspaces/local';

/** The Event Grid event of one committed version, as Azure Health Data Services words it (facts, B1). */
export function fhirEvent(written: StoredVersion, account: string): string {
  return JSON.stringify({
    id: randomUUID(),
    topic,
    subject: `${account}/${written.type}/${written.id}`,
    eventType: `Microsoft.HealthcareApis.FhirResource${happening(written)}`,
    eventTime: lastUpdatedOf(written.seq).replace('Z', '0000Z'),
    dataVersion: String(written.version),
    metadataVersion: '1',
    data: {
      resourceType: written.type,
      resourceFhirAccount: account,
      resourceFhirId: written.id,
      resourceVersionId: written.version,
    },
  });
}

function happening(written: StoredVersion): 'Created' | 'Updated' | 'Deleted' {
  if (written.method === 'DELETE') return 'Deleted';
  return written.version === 1 ? 'Created' : 'Updated';
}
