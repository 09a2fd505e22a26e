import { AppError } from '../errors.ts';
import type { BatchSender } from './batch-sender.ts';
import type { TableMetadata } from './contract.ts';
import { getRequest } from './inner-http.ts';
import { metadataPaths, readDefinition, readDetails, toTable } from './metadata-answer.ts';
import { isTransient } from './operation-result.ts';

/** Loads a table once, in one request, however many callers ask; a failed load is forgotten. */
export function metadataCache(
  sender: BatchSender,
  root: string,
): (logicalName: string) => Promise<TableMetadata> {
  const tables = new Map<string, Promise<TableMetadata>>();
  return (logicalName) => {
    const known = tables.get(logicalName);
    if (known !== undefined) {
      return known;
    }
    const loading = loadTable(logicalName, sender, root);
    tables.set(logicalName, loading);
    loading.catch(() => tables.delete(logicalName));
    return loading;
  };
}

async function loadTable(
  logicalName: string,
  sender: BatchSender,
  root: string,
): Promise<TableMetadata> {
  if (!/^[a-z][a-z0-9_]*$/.test(logicalName)) {
    throw missing(logicalName);
  }
  const requests = metadataPaths(logicalName).map((path) => getRequest(`${root}/${path}`));
  const [first, ...rest] = await sender(requests);
  const status = first?.status ?? 0;
  if (status === 404) {
    throw missing(logicalName);
  }
  if (isTransient(status)) {
    const message = `the definition of ${logicalName} is not available (status ${status})`;
    throw new AppError('DATAVERSE_UNAVAILABLE', message, { details: { status } });
  }
  const definition = status === 200 ? readDefinition(first?.text ?? '') : undefined;
  if (definition === undefined) {
    const message = `the definition of ${logicalName} cannot be used (status ${status})`;
    throw new AppError('DATAVERSE_REFUSED', message, { details: { table: logicalName, status } });
  }
  const details = rest
    .filter((part) => part.status === 200)
    .flatMap((part) => readDetails(part.text));
  return toTable(definition, details);
}

function missing(table: string): AppError {
  const message = `the organisation has no table ${table}; correct the map, or install its solution`;
  return new AppError('DATAVERSE_METADATA_MISSING', message, { details: { table } });
}
