import type { ColumnForm, TableForm } from '../model-schema.ts';

const text = (maxLength: number): ColumnForm => ({ type: 'string', maxLength });

/** Duplicate detection rules and their conditions. */
export const duplicateTables: Readonly<Record<string, TableForm>> = {
  duplicaterule: {
    display: 'Duplicate Detection Rule',
    primaryName: 'name',
    columns: {
      name: text(160),
      baseentityname: text(64),
      matchingentityname: text(64),
      iscasesensitive: { type: 'boolean' },
      excludeinactiverecords: { type: 'boolean' },
      statecode: { type: 'choice', options: { 0: 'Inactive', 1: 'Active' }, required: 'system' },
      statuscode: {
        type: 'choice',
        options: { 0: 'Unpublished', 1: 'Publishing', 2: 'Published' },
      },
    },
  },
  duplicaterulecondition: {
    display: 'Duplicate Rule Condition',
    columns: {
      regardingobjectid: { type: 'lookup', targets: ['duplicaterule'] },
      baseattributename: text(64),
      matchingattributename: text(64),
      operatorcode: {
        type: 'choice',
        options: {
          0: 'Exact Match',
          1: 'Same First Characters',
          2: 'Same Last Characters',
          3: 'Same Date',
          4: 'Same Date and Time',
          5: 'Exact Match (Pick List Label)',
          6: 'Exact Match (Pick List Value)',
        },
      },
      operatorparam: { type: 'integer' },
      ignoreblankvalues: { type: 'boolean' },
    },
  },
};
