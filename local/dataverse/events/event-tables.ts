import type { ColumnForm, TableForm } from '../model-schema.ts';

const text = (maxLength: number): ColumnForm => ({ type: 'string', maxLength });
const choice = (...labels: readonly (readonly [number, string])[]): ColumnForm => ({
  type: 'choice',
  options: Object.fromEntries(labels),
});
const to = (...targets: string[]): ColumnForm => ({ type: 'lookup', targets });

const stepState: Readonly<Record<string, ColumnForm>> = {
  statecode: choice([0, 'Enabled'], [1, 'Disabled']),
  statuscode: choice([1, 'Enabled'], [2, 'Disabled']),
};

const step: TableForm = {
  display: 'Sdk Message Processing Step',
  primaryName: 'name',
  columns: {
    ...stepState,
    name: text(256),
    description: text(256),
    configuration: { type: 'memo', maxLength: 1_073_741_823 },
    filteringattributes: { type: 'memo', maxLength: 100_000 },
    mode: choice([0, 'Synchronous'], [1, 'Asynchronous']),
    stage: choice([10, 'Pre-validation'], [20, 'Pre-operation'], [40, 'Post-operation']),
    rank: { type: 'integer' },
    supporteddeployment: choice([0, 'Server Only'], [1, 'Client Only'], [2, 'Both']),
    asyncautodelete: { type: 'boolean' },
    sdkmessageid: to('sdkmessage'),
    sdkmessagefilterid: to('sdkmessagefilter'),
    eventhandler: to('plugintype', 'serviceendpoint'),
  },
};

const image: TableForm = {
  display: 'Sdk Message Processing Step Image',
  primaryName: 'name',
  columns: {
    name: text(256),
    entityalias: text(256),
    attributes: { type: 'memo', maxLength: 100_000 },
    messagepropertyname: text(256),
    imagetype: choice([0, 'PreImage'], [1, 'PostImage'], [2, 'Both']),
    sdkmessageprocessingstepid: to('sdkmessageprocessingstep'),
  },
};

const job: TableForm = {
  display: 'System Job',
  primaryName: 'name',
  columns: {
    name: text(256),
    operationtype: choice([1, 'System Event']),
    messagename: text(160),
    primaryentitytype: text(64),
    correlationid: { type: 'guid' },
    depth: { type: 'integer' },
    retrycount: { type: 'integer' },
    errorcode: { type: 'integer' },
    message: { type: 'memo', maxLength: 1_073_741_823 },
    friendlymessage: { type: 'memo', maxLength: 1_000_000 },
    startedon: { type: 'datetime' },
    completedon: { type: 'datetime' },
    owningextensionid: to('sdkmessageprocessingstep'),
    statecode: choice([0, 'Ready'], [1, 'Suspended'], [2, 'Locked'], [3, 'Completed']),
    statuscode: choice(
      [0, 'Waiting For Resources'],
      [10, 'Waiting'],
      [20, 'In Progress'],
      [30, 'Succeeded'],
      [31, 'Failed'],
      [32, 'Canceled'],
    ),
  },
};

/** Tables through which steps and webhooks are registered, and the system jobs they leave. */
export const eventTables: Readonly<Record<string, TableForm>> = {
  sdkmessage: { display: 'Sdk Message', primaryName: 'name', columns: { name: text(256) } },
  sdkmessagefilter: {
    display: 'Sdk Message Filter',
    primaryName: 'name',
    columns: {
      name: text(256),
      primaryobjecttypecode: text(64),
      sdkmessageid: to('sdkmessage'),
    },
  },
  plugintype: {
    display: 'Plug-in Type',
    primaryName: 'name',
    columns: { name: text(256), typename: text(256) },
  },
  serviceendpoint: {
    display: 'Service Endpoint',
    primaryName: 'name',
    columns: {
      name: text(160),
      description: text(2000),
      url: text(2000),
      contract: choice(
        [1, 'OneWay'],
        [2, 'Queue'],
        [3, 'Rest'],
        [4, 'TwoWay'],
        [5, 'Topic'],
        [6, 'Queue (Persistent)'],
        [7, 'Event Hub'],
        [8, 'Webhook'],
      ),
      authtype: choice(
        [0, 'Not Specified'],
        [1, 'ACS'],
        [2, 'SAS Key'],
        [3, 'SAS Token'],
        [4, 'Webhook Key'],
        [5, 'Http Header'],
        [6, 'Http Query String'],
      ),
      authvalue: text(4000),
    },
  },
  sdkmessageprocessingstep: step,
  sdkmessageprocessingstepimage: image,
  asyncoperation: job,
};
