import type { DataverseOperation } from '../../../shared/dataverse/index.ts';
import { jsonPart } from './canned-organisation.ts';

export const id = '11111111-1111-4111-8111-111111111111';
export const other = '22222222-2222-4222-8222-222222222222';

/** One operation of each kind. */
export const four: readonly DataverseOperation[] = [
  {
    kind: 'query',
    table: 'contact',
    select: ['lastname', 'x_clinic'],
    filter: { column: 'lastname', equals: "O'Brien & Søn" },
  },
  {
    kind: 'create',
    table: 'contact',
    id,
    row: {
      lastname: 'Ωmega "q"',
      gendercode: 1,
      birthdate: null,
      x_clinic: { lookup: { table: 'account', id: other.toUpperCase() } },
    },
  },
  {
    kind: 'update',
    table: 'contact',
    id,
    etag: 'W/"42"',
    row: { donotemail: true, lastname: null, parentcustomerid: null },
  },
  { kind: 'delete', table: 'account', id: other },
];

/** What an organisation answers to them when all goes well. */
export const fourAnswers = [
  jsonPart(200, { value: [] }),
  'HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\nETag: W/"43"\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
];
