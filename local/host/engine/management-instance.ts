import { entityFromId } from './entity-messages.ts';
import type { ManagementCall } from './management.ts';
import { askedAgain } from './management-links.ts';
import { empty, json, problem } from './management-reply.ts';
import { terminalStatuses } from './records.ts';
import { repeatedTask, shapeEntity, shapeStatus } from './status-shape.ts';

function isTrue(call: ManagementCall, name: string): boolean {
  return call.query.get(name)?.toLowerCase() === 'true';
}

/** An entity seen as an instance: always Running. */
function getEntity(call: ManagementCall, id: string): Response {
  const { runtime, options, query } = call;
  const entity = runtime.store.entity(id);
  if (entity === undefined) return empty(404);
  return json(202, shapeEntity(entity, query.get('showInput')?.toLowerCase() !== 'false'), {
    location: askedAgain(options, call.asked),
    'retry-after': '5',
  });
}

/** After two names under one task number the extension cannot show the history (conformance finding 3). */
function repeatedKey(key: string): Response {
  return problem(400, 'One or more of the arguments submitted is incorrect', {
    type: 'System.ArgumentException',
    message: `An item with the same key has already been added. Key: ${key}`,
  });
}

/** GET instances/{id}: 200 when ended, 202 while not, 404. */
export function getInstance(call: ManagementCall, id: string): Response {
  const { runtime, options, query } = call;
  const record = runtime.store.instance(id);
  if (record === undefined)
    return entityFromId(id) === undefined ? empty(404) : getEntity(call, id);
  const showHistory = isTrue(call, 'showHistory');
  const flags = {
    showInput: query.get('showInput')?.toLowerCase() !== 'false',
    showHistory,
    showHistoryOutput: isTrue(call, 'showHistoryOutput'),
  };
  const history = showHistory ? runtime.store.history(record.row) : undefined;
  const repeated = repeatedTask(history ?? []);
  if (repeated !== undefined) return repeatedKey(repeated);
  const body = shapeStatus(record, flags, history);
  if (!terminalStatuses.has(record.status)) {
    return json(202, body, {
      location: askedAgain(options, call.asked),
      'retry-after': '5',
    });
  }
  const asError = record.status === 'Failed' && isTrue(call, 'returnInternalServerErrorOnFailure');
  return json(asError ? 500 : 200, body);
}

/** DELETE instances/{id}: ended instances only, 412 otherwise. */
export async function deleteInstance({ runtime }: ManagementCall, id: string): Promise<Response> {
  const record = await runtime.commits.write(() => {
    const found = runtime.store.instance(id);
    if (found !== undefined && terminalStatuses.has(found.status)) {
      runtime.store.deleteInstance(found);
      runtime.cache.drop(id);
    }
    return found;
  });
  if (record === undefined) return empty(404);
  if (terminalStatuses.has(record.status)) return json(200, { instancesDeleted: 1 });
  return json(
    412,
    `Only orchestrations in a terminal state can be purged, but the orchestration with instance ID ${id} has status ${record.status}`,
  );
}
