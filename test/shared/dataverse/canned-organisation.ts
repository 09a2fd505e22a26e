import type { HttpRequest, HttpResponse, HttpSend } from '../../../shared/http/index.ts';

export const root = 'https://org.example/api/data/v9.2';

const column = (LogicalName: string, AttributeType: string) => ({ LogicalName, AttributeType });
const relation = (attribute: string, entity: string, navigation: string) => ({
  ReferencingAttribute: attribute,
  ReferencedEntity: entity,
  ReferencingEntityNavigationPropertyName: navigation,
});

const definitions: Readonly<Record<string, object>> = {
  contact: {
    LogicalName: 'contact',
    EntitySetName: 'contacts',
    PrimaryIdAttribute: 'contactid',
    Keys: [{ SchemaName: 'k', KeyAttributes: ['x_fhirid'], EntityKeyIndexStatus: 'Active' }],
    Attributes: [
      column('contactid', 'Uniqueidentifier'),
      column('lastname', 'String'),
      column('gendercode', 'Picklist'),
      column('birthdate', 'DateTime'),
      column('donotemail', 'Boolean'),
      column('parentcustomerid', 'Customer'),
      column('x_clinic', 'Lookup'),
    ],
    ManyToOneRelationships: [
      relation('parentcustomerid', 'account', 'parentcustomerid_account'),
      relation('parentcustomerid', 'contact', 'parentcustomerid_contact'),
      relation('x_clinic', 'account', 'x_Clinic'),
    ],
  },
  account: {
    LogicalName: 'account',
    EntitySetName: 'accounts',
    PrimaryIdAttribute: 'accountid',
    Attributes: [column('accountid', 'Uniqueidentifier'), column('name', 'String')],
  },
};

const lengths = { value: [{ LogicalName: 'lastname', MaxLength: 50 }] };
const options = {
  value: [{ LogicalName: 'gendercode', OptionSet: { Options: [{ Value: 1 }, { Value: 2 }] } }],
};

export function multipart(parts: readonly string[], boundary = 'batchresponse_1'): HttpResponse {
  const text = parts.map(
    (part) =>
      `--${boundary}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n${part}\r\n`,
  );
  return {
    status: 200,
    headers: new Headers({ 'content-type': `multipart/mixed; boundary=${boundary}` }),
    text: `${text.join('')}--${boundary}--\r\n`,
  };
}

export function jsonPart(status: number, value: unknown, headers = ''): string {
  return `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\n${headers}\r\n${JSON.stringify(value)}`;
}

function metadataAnswer(body: string): HttpResponse {
  const paths = [...body.matchAll(/^GET \S*LogicalName='(\w+)'\)(\S*) /gm)];
  return multipart(
    paths.map(([, table = '', rest = '']) => {
      const definition = definitions[table];
      if (definition === undefined) {
        return jsonPart(404, { error: { code: '0x80060888', message: 'no such table' } });
      }
      if (rest.startsWith('?')) {
        return jsonPart(200, definition);
      }
      if (rest.includes('StringAttribute')) {
        return jsonPart(200, lengths);
      }
      return jsonPart(200, rest.includes('PicklistAttribute') ? options : { value: [] });
    }),
  );
}

export interface CannedOrganisation {
  readonly send: HttpSend;
  /** Requests other than for metadata. */
  readonly sent: readonly HttpRequest[];
  readonly metadataRequests: () => number;
}

/** An organisation with two tables, whose answers to everything else are given by the test. */
export function cannedOrganisation(
  answer: (request: HttpRequest, call: number) => HttpResponse | Promise<HttpResponse>,
): CannedOrganisation {
  const sent: HttpRequest[] = [];
  let metadataRequests = 0;
  return {
    sent,
    metadataRequests: () => metadataRequests,
    send: async (request) => {
      if (request.body?.includes('EntityDefinitions(')) {
        metadataRequests += 1;
        return metadataAnswer(request.body);
      }
      sent.push(request);
      return await answer(request, sent.length);
    },
  };
}
