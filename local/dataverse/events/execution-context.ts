import { organizationId } from '../system-tables.ts';
import { collectionJson, entityJson, type Pair, referenceJson } from './entity-json.ts';
import { type EventSetting, type RowEvent, targetOf } from './row-event.ts';
import { type Step, type StepImage, stages } from './step.ts';

export const organizationName = 'local';
const noId = '00000000-0000-0000-0000-000000000000';

/** Over this many bytes the context is sent without its larger members (facts A10). */
export const largestContext = 256 * 1024;

function target(event: RowEvent): Pair {
  const { table, id, message } = event;
  if (message === 'Delete') {
    return { key: 'Target', value: referenceJson(table.name, id) };
  }
  return { key: 'Target', value: entityJson({ table, id, ...targetOf(event) }) };
}

function images(step: Step, event: RowEvent, kind: 'isPre' | 'isPost'): readonly Pair[] {
  const row = kind === 'isPre' ? event.before : event.after;
  if (row === undefined) {
    return [];
  }
  const { table, id } = event;
  const wanted = step.images.filter((image) => image[kind]);
  return wanted.map(({ alias, columns }: StepImage) => {
    const names = columns && [...columns].filter((name) => row.values[name] !== undefined);
    return { key: alias, value: entityJson({ table, id, values: row.values, names }) };
  });
}

interface Subject {
  readonly message: string;
  readonly tableName: string;
  readonly id: string;
  readonly input: readonly Pair[];
  readonly output: readonly Pair[];
}

function context(
  setting: EventSetting,
  subject: Subject,
  step: Step | undefined,
): Readonly<Record<string, unknown>> {
  const { call, frame, caller } = setting;
  return {
    BusinessUnitId: caller.businessUnitId,
    CorrelationId: setting.correlationId,
    Depth: frame?.depth ?? 1,
    InitiatingUserId: caller.onBehalfBy ?? caller.userId,
    InputParameters: subject.input,
    IsExecutingOffline: false,
    IsInTransaction: step !== undefined && !step.isAsync,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: subject.message,
    Mode: step?.isAsync ? 1 : 0,
    OperationCreatedOn: `/Date(${setting.now}+0000)/`,
    OperationId: setting.operationId,
    OrganizationId: organizationId,
    OrganizationName: organizationName,
    OutputParameters: subject.output,
    OwningExtension: referenceJson('sdkmessageprocessingstep', step?.id ?? noId, step?.name),
    ParentContext: frame?.context ?? null,
    PostEntityImages: [],
    PreEntityImages: [],
    PrimaryEntityId: subject.id,
    PrimaryEntityName: subject.tableName,
    RequestId: null,
    SecondaryEntityName: 'none',
    // Only the outermost write knows the caller's tag: deeper ones have it in ParentContext.
    SharedVariables:
      call.tag === undefined || frame !== undefined ? [] : [{ key: 'tag', value: call.tag }],
    Stage: step?.stage ?? stages.postOperation,
    UserId: caller.userId,
  };
}

/** `RemoteExecutionContext` of one row's event (facts A10). Without a step: as a parent context. */
export function rowContext(
  setting: EventSetting,
  event: RowEvent,
  step?: Step,
): Readonly<Record<string, unknown>> {
  const { message, table, id, after } = event;
  const isCreated = message === 'Create' && after !== undefined;
  const output = isCreated ? [{ key: 'id', value: id }] : [];
  const subject = { message, tableName: table.name, id, input: [target(event)], output };
  return {
    ...context(setting, subject, step),
    ...(step && {
      PreEntityImages: images(step, event, 'isPre'),
      PostEntityImages: images(step, event, 'isPost'),
    }),
  };
}

/** The context of a `CreateMultiple` or `UpdateMultiple` step: all rows of one table at once. */
export function rowsContext(
  setting: EventSetting,
  events: readonly [RowEvent, ...RowEvent[]],
  step: Step,
): Readonly<Record<string, unknown>> {
  const { table } = events[0];
  const targets = events.map((event) => entityJson({ table, id: event.id, ...targetOf(event) }));
  const isCreate = step.message === 'CreateMultiple';
  const subject = {
    message: step.message,
    tableName: table.name,
    id: noId,
    input: [{ key: 'Targets', value: collectionJson(table, targets) }],
    output: isCreate ? [{ key: 'Ids', value: events.map(({ id }) => id) }] : [],
  };
  return context(setting, subject, step);
}

export interface ContextMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const large = ['ParentContext', 'InputParameters', 'PreEntityImages', 'PostEntityImages'];

/** The context as it is posted: JSON and the headers that go with it. */
export function contextMessage(value: Readonly<Record<string, unknown>>): ContextMessage {
  const headers = {
    'x-ms-dynamics-organization': organizationName,
    'x-ms-dynamics-entity-name': String(value['PrimaryEntityName']),
    'x-ms-dynamics-request-name': String(value['MessageName']),
    'x-ms-correlation-request-id': String(value['CorrelationId']),
  };
  const body = JSON.stringify(value);
  if (Buffer.byteLength(body) <= largestContext) {
    return { headers, body };
  }
  const small = Object.fromEntries(Object.entries(value).filter(([name]) => !large.includes(name)));
  return {
    headers: { ...headers, 'x-ms-dynamics-msg-size-exceeded': 'true' },
    body: JSON.stringify(small),
  };
}
