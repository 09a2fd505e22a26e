import { isRecord } from '../fhir/index.ts';
import type { DeletedResource } from './contract.ts';

/** The mark of Azure Health Data Services for a deleted version in export and import files (facts 2.3 rule 7). */
const softDeleted = {
  url: 'http://azurehealthcareapis.com/data-extensions/deleted-state',
  valueString: 'soft-deleted',
} as const;

/** @param extension `meta.extension`, whatever it is */
export function isSoftDeleted(extension: unknown): boolean {
  return (
    Array.isArray(extension) &&
    extension.some(
      (entry) =>
        isRecord(entry) &&
        entry['url'] === softDeleted.url &&
        entry['valueString'] === softDeleted.valueString,
    )
  );
}

/**
 * The line that `$import` of Azure Health Data Services takes as a delete. Only with `versionId`
 * and `at` does it hold against other versions (fhir-server issue 3530).
 */
export function softDeleteLine({ resourceType, id, versionId, at }: DeletedResource): Buffer {
  const meta = {
    ...(versionId === undefined ? {} : { versionId }),
    ...(at === undefined ? {} : { lastUpdated: at }),
    extension: [softDeleted],
  };
  return Buffer.from(JSON.stringify({ resourceType, id, meta }));
}
