import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse } from './api-message.ts';
import { keyStatus } from './key-index.ts';
import { readBody } from './payload.ts';
import { DataverseError } from './protocol-error.ts';

/** `POST ReactivateEntityKey`: builds the index of a failed key again (facts A2). */
export function reactivateKey(context: ApiContext, request: ApiRequest): ApiResponse {
  const body = readBody(request.body);
  const table = context.model.tables.get(String(body['EntityLogicalName'] ?? ''));
  const name = String(body['EntityKeyLogicalName'] ?? '').toLowerCase();
  const key = [...(table?.keys.values() ?? [])].find((one) => one.name.toLowerCase() === name);
  if (table === undefined || key === undefined) {
    throw new DataverseError(404, '0x80040217', 'There is no such entity key.');
  }
  if (keyStatus(key, context.now) !== 'Failed') {
    throw new DataverseError(
      400,
      '0x80060888',
      `The entity key ${key.name} has not failed: only failed keys are reactivated.`,
    );
  }
  const activeFrom = context.now + context.keyBuildMs;
  context.store.atomic(() => {
    context.store.keys.withdraw(table, key);
    context.store.keys.declare(table, { ...key, createdAt: context.now, activeFrom });
  });
  return emptyResponse(204);
}
