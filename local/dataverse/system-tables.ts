import { duplicateTables } from './duplicates/duplicate-tables.ts';
import { eventTables } from './events/event-tables.ts';
import type { ColumnForm, TableForm } from './model-schema.ts';
import { securityTables } from './security/security-tables.ts';
import { dataSourceTables } from './virtual/data-sources.ts';

/** The user every call is made by, and the one all rows belong to. */
export const systemUserId = 'aaaaaaaa-0000-4000-8000-000000000001';
export const businessUnitId = 'aaaaaaaa-0000-4000-8000-000000000002';
export const organizationId = 'aaaaaaaa-0000-4000-8000-000000000003';
/** Who has this role may do everything. */
export const administratorRoleId = 'aaaaaaaa-0000-4000-8000-000000000004';

const readOnly = { create: false, update: false } as const;
const text = (maxLength: number): ColumnForm => ({ type: 'string', maxLength });
const to = (...targets: string[]): ColumnForm => ({ type: 'lookup', targets });

/** Columns that Dataverse gives to every user-owned table. */
export const systemColumns: Readonly<Record<string, ColumnForm>> = {
  statecode: { type: 'choice', options: { 0: 'Active', 1: 'Inactive' }, required: 'system' },
  statuscode: { type: 'choice', options: { 1: 'Active', 2: 'Inactive' } },
  createdon: { type: 'datetime', ...readOnly },
  modifiedon: { type: 'datetime', ...readOnly },
  createdby: { ...to('systemuser'), ...readOnly },
  modifiedby: { ...to('systemuser'), ...readOnly },
  createdonbehalfby: { ...to('systemuser'), ...readOnly },
  modifiedonbehalfby: { ...to('systemuser'), ...readOnly },
  ownerid: {
    ...to('systemuser', 'team'),
    required: 'system',
    navigation: { systemuser: 'ownerid', team: 'ownerid' },
  },
  owningbusinessunit: { ...to('businessunit'), ...readOnly },
  overriddencreatedon: { type: 'datetime', update: false },
  versionnumber: { type: 'bigint', ...readOnly },
};

/**
 * Tables of the platform that clients bind to or ask about, and standard
 * columns that the healthcare model leaves out. A model file is laid over them.
 */
export const systemTables: Readonly<Record<string, TableForm>> = {
  ...securityTables,
  ...duplicateTables,
  ...dataSourceTables,
  organization: { display: 'Organization', primaryName: 'name', columns: { name: text(160) } },
  transactioncurrency: {
    display: 'Currency',
    entitySet: 'transactioncurrencies',
    primaryName: 'currencyname',
    columns: { currencyname: text(100), isocurrencycode: text(5) },
  },
  sla: { display: 'SLA', primaryName: 'name', columns: { name: text(100) } },
  ...eventTables,
  contact: {
    primaryName: 'fullname',
    changeTracking: true,
    columns: { fullname: { ...text(160), ...readOnly }, birthdate: { type: 'date' } },
  },
  account: { primaryName: 'name', changeTracking: true, columns: { name: text(160) } },
  task: {
    primaryId: 'activityid',
    primaryName: 'subject',
    columns: {
      subject: text(200),
      description: { type: 'memo', maxLength: 2000 },
      scheduledstart: { type: 'datetime' },
      scheduledend: { type: 'datetime' },
      actualend: { type: 'datetime' },
      prioritycode: { type: 'choice', options: { 0: 'Low', 1: 'Normal', 2: 'High' } },
      regardingobjectid: to('account', 'contact'),
      statecode: { type: 'choice', options: { 0: 'Open', 1: 'Completed', 2: 'Canceled' } },
      statuscode: {
        type: 'choice',
        options: {
          2: 'Not Started',
          3: 'In Progress',
          4: 'Waiting on someone else',
          5: 'Completed',
          6: 'Canceled',
          7: 'Deferred',
        },
      },
    },
  },
};
