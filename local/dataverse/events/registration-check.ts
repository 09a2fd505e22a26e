import type { Model } from '../model.ts';
import { DataverseError } from '../protocol-error.ts';
import type { RowValues } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import type { RowEvent } from './row-event.ts';
import { isEventMessage, stages } from './step.ts';
import { isAllowed, readSettings, webhookAuth, webhookContract } from './webhook-sender.ts';

function refuse(message: string): DataverseError {
  return new DataverseError(400, '0x80040203', message);
}

interface Registrations {
  readonly model: Model;
  readonly store: RowStore;
  readonly origins: readonly string[];
}

function checkEndpoint(values: RowValues, { origins }: Registrations): void {
  if (values['contract'] !== webhookContract) {
    return;
  }
  const authType = Number(values['authtype'] ?? 0);
  const secret = String(values['authvalue'] ?? '');
  if (!Object.values(webhookAuth).some((type) => type === authType) || secret === '') {
    throw refuse(
      'A webhook (contract 8) needs authtype 4 (WebhookKey), 5 (HttpHeader) or 6 (HttpQueryString), and authvalue.',
    );
  }
  if (authType !== webhookAuth.webhookKey && readSettings(secret).size === 0) {
    throw refuse(
      'The authvalue of this authtype is <settings><setting name="..." value="..." /></settings>.',
    );
  }
  if (!isAllowed(String(values['url'] ?? ''), origins)) {
    throw refuse(
      'The url of a webhook must be a loopback address here; allow another origin with --webhook-origin.',
    );
  }
}

function lookup(
  { model, store }: Registrations,
  tableName: string,
  id: unknown,
): RowValues | undefined {
  const table = model.tables.get(tableName);
  return table && typeof id === 'string' ? store.get(table, id)?.values : undefined;
}

function checkStep(values: RowValues, registrations: Registrations): void {
  const message = lookup(registrations, 'sdkmessage', values['sdkmessageid']);
  const name = String(message?.['name'] ?? '');
  if (!isEventMessage(name)) {
    throw refuse(`A step can be registered for an event, and '${name}' is none on these tables.`);
  }
  const filter = lookup(registrations, 'sdkmessagefilter', values['sdkmessagefilterid']);
  if (filter !== undefined && filter['sdkmessageid'] !== values['sdkmessageid']) {
    throw refuse('The sdkmessagefilter of a step must belong to its sdkmessage.');
  }
  if (lookup(registrations, 'serviceendpoint', values['eventhandler']) === undefined) {
    throw refuse('The step needs eventhandler_serviceendpoint.');
  }
  if (values['mode'] === 1 && values['stage'] !== stages.postOperation) {
    throw refuse('An asynchronous step is registered in stage 40 (PostOperation).');
  }
  if (values['stage'] === undefined || values['mode'] === undefined) {
    throw refuse('A step needs mode and stage.');
  }
}

const imageKinds: Readonly<Record<string, readonly number[]>> = {
  Create: [1],
  Update: [0, 1, 2],
  Delete: [0],
};

function checkImage(values: RowValues, registrations: Registrations): void {
  const step = lookup(
    registrations,
    'sdkmessageprocessingstep',
    values['sdkmessageprocessingstepid'],
  );
  const message = String(
    lookup(registrations, 'sdkmessage', step?.['sdkmessageid'])?.['name'] ?? '',
  );
  const kind = Number(values['imagetype'] ?? 0);
  const isLate = kind > 0 && step?.['stage'] !== stages.postOperation;
  if (!(imageKinds[message] ?? []).includes(kind) || isLate) {
    throw refuse(`The message '${message}' does not have images of imagetype ${kind} here.`);
  }
  if (values['entityalias'] === undefined) {
    throw refuse('An image needs entityalias.');
  }
}

/** Refuses a registration that Dataverse would refuse, before it is written. */
export function checkRegistration(event: RowEvent, registrations: Registrations): void {
  if (event.message === 'Delete') {
    return;
  }
  const sent = [...event.payload.values].map(
    ([name, value]) => [name, value ?? undefined] as const,
  );
  const merged = { ...event.before?.values, ...Object.fromEntries(sent) };
  const values: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(merged)) {
    if (value !== undefined) {
      values[name] = value;
    }
  }
  switch (event.table.name) {
    case 'serviceendpoint':
      checkEndpoint(values, registrations);
      break;
    case 'sdkmessageprocessingstep':
      checkStep(values, registrations);
      break;
    case 'sdkmessageprocessingstepimage':
      checkImage(values, registrations);
      break;
  }
}
