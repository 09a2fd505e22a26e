import { AppError } from '../errors.ts';
import { isResourceId, isResourceType } from '../fhir/index.ts';
import type { BundleWrite } from './contract.ts';

/**
 * A Bundle of writes as text, the resources in it as they are: printing them anew would change
 * decimals.
 *
 * @throws AppError INPUT_INVALID for a type or an id that cannot stand in a URL
 */
export function bundleText(type: 'batch' | 'transaction', writes: readonly BundleWrite[]): string {
  return `{"resourceType":"Bundle","type":"${type}","entry":[${writes.map(entryText).join()}]}`;
}

function entryText(write: BundleWrite): string {
  const { resourceType, id } = write;
  if (!isResourceType(resourceType) || !isResourceId(id)) {
    throw new AppError('INPUT_INVALID', 'a write names no resource of the form Type/id');
  }
  const url = `${resourceType}/${id}`;
  if (write.kind === 'delete') {
    return `{"request":${JSON.stringify({ method: 'DELETE', url })}}`;
  }
  const { ifVersion } = write;
  const condition = ifVersion === undefined ? {} : { ifMatch: `W/"${ifVersion}"` };
  const request = JSON.stringify({ method: 'PUT', url, ...condition });
  return `{"resource":${String(write.json)},"request":${request}}`;
}
