import { randomUUID } from 'node:crypto';
import { entityFromId } from './entity-messages.ts';
import type { ManagementCall } from './management.ts';
import { managementLinks } from './management-links.ts';
import { json, problem, readBody } from './management-reply.ts';
import { terminalStatuses } from './records.ts';
import { startInstance } from './start-instance.ts';
import { shapeStatus } from './status-shape.ts';

const longestId = 256;

/** What a storage account refuses in an instance id (facts durable-host 3.3); the recorded in-memory store did not. */
function idProblem(id: string): string | undefined {
  if (id.length > longestId) return `An instance id has at most ${longestId} characters.`;
  const control = [...id].some((c) => (c.codePointAt(0) ?? 0) < 32 || c === '\u007f');
  if (control || /[/\\#?]/.test(id))
    return 'An instance id holds none of / \\ # ? and no control characters.';
  if (entityFromId(id) !== undefined) return 'An instance id of the form @name@key is an entity.';
  return undefined;
}

/** 202 with the management links, as every successful start answers. */
export function accepted(
  { options }: Pick<ManagementCall, 'options'>,
  instanceId: string,
): Response {
  const links = managementLinks(options, instanceId);
  const location = links['statusQueryGetUri'] ?? '';
  return json(202, links, { location, 'retry-after': '10' });
}

async function waitForEnd(call: ManagementCall, instanceId: string): Promise<Response> {
  const { runtime, query } = call;
  const deadline = Date.now() + Number(query.get('timeout')) * 1000;
  const pause = Math.max(50, Number(query.get('pollingInterval') ?? 1) * 1000);
  for (;;) {
    const record = runtime.store.instance(instanceId);
    if (record !== undefined && terminalStatuses.has(record.status)) {
      if (record.status === 'Completed')
        return json(200, record.output === null ? null : JSON.parse(record.output));
      return json(
        200,
        shapeStatus(record, { showInput: true, showHistory: false, showHistoryOutput: false }),
      );
    }
    const left = deadline - Date.now();
    if (!(left > 0)) return accepted(call, instanceId);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
  }
}

/** POST orchestrators/{function}[/{id}]: 202, 409 when the id belongs to an instance that has not ended, 400. */
export async function startOrchestration(call: ManagementCall): Promise<Response> {
  const [, name = '', id, ...more] = call.path;
  const instanceId = id ?? randomUUID().replaceAll('-', '');
  const wrong = more.length > 0 ? 'An instance id holds no slash.' : idProblem(instanceId);
  if (wrong !== undefined) return problem(400, wrong);
  const body = await readBody(call.request);
  if (body.kind === 'refused') return body.response;
  const input = body.kind === 'none' ? null : body.text;
  const version = call.query.get('version');
  const ending = await startInstance(call.runtime, { name, instanceId, input, version });
  if (ending.kind === 'exists') {
    return problem(
      409,
      `An Orchestration instance with the status ${ending.status} already exists.`,
    );
  }
  return call.query.has('timeout') ? waitForEnd(call, instanceId) : accepted(call, instanceId);
}
