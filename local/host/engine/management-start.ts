import { randomUUID } from 'node:crypto';
import { entityFromId } from './entity-messages.ts';
import type { ManagementCall } from './management.ts';
import { managementLinks } from './management-links.ts';
import { json, problem, readBody } from './management-reply.ts';
import { terminalStatuses } from './records.ts';
import { startInstance } from './start-instance.ts';
import { shapeStatus } from './status-shape.ts';

const longestId = 256;

/** What a storage account refuses in an instance id although the extension answers 202 (conformance finding 20). */
function storageProblem(id: string): string | undefined {
  if (id.length > longestId) return `longer than ${longestId} characters`;
  const control = [...id].some((c) => (c.codePointAt(0) ?? 0) < 32 || c === '\u007f');
  if (control) return 'with a control character';
  if (/[/\\#?]/.test(id)) return 'with one of / \\ # ?';
  return id.startsWith('@') ? 'that begins like an entity' : undefined;
}

function warnOfId({ runtime, path }: ManagementCall, id: string): void {
  const wrong = storageProblem(id);
  if (wrong === undefined) return;
  const who = JSON.stringify(id.slice(0, 40));
  runtime.warn(
    `A start of ${path[1] ?? ''} asks for the instance id ${who}, ${wrong}: a storage account on Azure may refuse it. Use letters, digits, '-' and '_'.`,
  );
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
  const { clock } = runtime;
  const deadline = clock.now() + Number(query.get('timeout')) * 1000;
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
    const left = deadline - clock.now();
    if (!(left > 0)) return accepted(call, instanceId);
    const next = clock.now() + Math.min(pause, left);
    await new Promise<void>((resolve) => clock.schedule(next, resolve));
  }
}

/** POST orchestrators/{function}[/{id}]: 202, 409 when the id belongs to an instance that has not ended, 400. */
export async function startOrchestration(call: ManagementCall): Promise<Response> {
  const [, name = '', id, ...more] = call.path;
  const instanceId = id ?? randomUUID().replaceAll('-', '');
  if (more.length > 0) return problem(400, 'An instance id holds no slash.');
  if (entityFromId(instanceId) !== undefined)
    return problem(400, 'An instance id of the form @name@key is an entity.');
  warnOfId(call, instanceId);
  const body = await readBody(call.request);
  if (body.kind === 'refused') return body.response;
  // A body of blanks starts an instance that then fails, as recorded.
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
