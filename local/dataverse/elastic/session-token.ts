import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import type { ApiRequest } from '../api-message.ts';
import type { Row } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import type { WriteResult } from '../write-rows.ts';

export const replicaSchema = z.strictObject({ readsLag: z.boolean() });

/** Whether reads of elastic tables come from a copy that has not seen the last write of a row. */
export class ElasticReplica {
  readsLag = false;
}

/** Facts A11: every write of an elastic row but a delete answers with a token for later reads. */
export function withSessionToken(
  store: RowStore,
  request: ApiRequest,
  result: WriteResult,
): WriteResult {
  const { response } = result;
  if (request.method === 'GET' || request.method === 'DELETE' || response.status >= 400) {
    return result;
  }
  const headers = { ...response.headers, 'x-ms-session-token': `1:1#${store.version}#1=-1` };
  return { ...result, response: { ...response, headers } };
}

/** The row version a token stands for; 0 for none and for what is no token. */
export function readSessionToken(token: string | undefined): number {
  return Number(/#(\d+)#/.exec(token ?? '')?.[1] ?? 0);
}

/** True when this read of an elastic row shows what was there before its last write. */
export function lagsBehind(
  { isStale, replica, call }: Pick<ApiContext, 'isStale' | 'replica' | 'call'>,
  row: Row,
): boolean {
  return (isStale || replica.readsLag) && row.version > call.sessionVersion;
}
