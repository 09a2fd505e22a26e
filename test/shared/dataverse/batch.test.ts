import { describe, expect, test } from 'vitest';
import { createDataverseClient } from '../../../shared/dataverse/index.ts';
import { cannedOrganisation, jsonPart, multipart, root } from './canned-organisation.ts';
import { four, fourAnswers, id, other } from './sample-batch.ts';

describe('the bytes of a batch', () => {
  test('are exactly those of the Web API documentation', async () => {
    const organisation = cannedOrganisation(() => multipart(fourAnswers));
    const client = createDataverseClient({ url: root, send: organisation.send, tag: 'fhir sync' });
    await client.execute(four);
    const [request] = organisation.sent;
    const contentType = request!.headers!['Content-Type']!;
    const boundary = /^multipart\/mixed; boundary=(batch_[0-9a-f-]{36})$/.exec(contentType)![1]!;
    expect(request).toMatchObject({
      method: 'POST',
      url: `${root}/$batch`,
      idempotent: true,
      headers: {
        Accept: 'application/json',
        'OData-Version': '4.0',
        'OData-MaxVersion': '4.0',
        'If-None-Match': 'null',
        Prefer: 'odata.continue-on-error',
      },
    });
    expect(request!.body!.replaceAll(boundary, 'batch_B')).toBe(
      [
        '--batch_B',
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        "GET /api/data/v9.2/contacts?$select=lastname,_x_clinic_value&$filter=lastname%20eq%20'O''Brien%20%26%20S%C3%B8n' HTTP/1.1",
        'Accept: application/json',
        '',
        '',
        '--batch_B',
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        `PATCH /api/data/v9.2/contacts(${id})?tag=fhir%20sync HTTP/1.1`,
        'Content-Type: application/json',
        'If-None-Match: *',
        '',
        `{"lastname":"Ωmega \\"q\\"","gendercode":1,"x_Clinic@odata.bind":"/accounts(${other})"}`,
        '--batch_B',
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        `PATCH /api/data/v9.2/contacts(${id})?tag=fhir%20sync HTTP/1.1`,
        'Content-Type: application/json',
        'If-Match: W/"42"',
        '',
        '{"donotemail":true,"lastname":null,"parentcustomerid_account@odata.bind":null,"parentcustomerid_contact@odata.bind":null}',
        '--batch_B',
        'Content-Type: application/http',
        'Content-Transfer-Encoding: binary',
        '',
        `DELETE /api/data/v9.2/accounts(${other})?tag=fhir%20sync HTTP/1.1`,
        '',
        '',
        '--batch_B--',
        '',
      ].join('\r\n'),
    );
  });

  test('are not needed for a lone write, which goes by itself', async () => {
    const organisation = cannedOrganisation(() => ({
      status: 204,
      headers: new Headers(),
      text: '',
    }));
    const client = createDataverseClient({ url: `${root}/`, send: organisation.send });
    expect(await client.execute([four[1]!])).toEqual([{ kind: 'written' }]);
    expect(organisation.sent[0]).toMatchObject({
      method: 'PATCH',
      url: `${root}/contacts(${id})`,
      idempotent: true,
      headers: { 'If-None-Match': '*' },
    });
  });

  test('hold the texts of a list in a form that no URL parser can misread', async () => {
    const organisation = cannedOrganisation(() => multipart([jsonPart(200, { value: [] })]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    const filter = { column: 'lastname', in: ["O'B", 'a]"b', 'é-1_x.y'] };
    await client.execute([{ kind: 'query', table: 'contact', select: [], filter }]);
    const path = /^GET (\S+)/m.exec(organisation.sent[0]!.body!)![1]!;
    expect(decodeURIComponent(path)).toBe(
      '/api/data/v9.2/contacts?$select=contactid&$filter=Microsoft.Dynamics.CRM.In(' +
        `PropertyName='lastname',PropertyValues=["O\\u0027B","a\\u005d\\u0022b","é-1_x.y"])`,
    );
  });

  test('carry a lone query too, so that no value of a filter is in a URL', async () => {
    const organisation = cannedOrganisation(() => multipart([jsonPart(200, { value: [] })]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    await client.execute([four[0]!]);
    expect(organisation.sent[0]!.url).toBe(`${root}/$batch`);
  });

  test('of nothing are not sent', async () => {
    const organisation = cannedOrganisation(() => multipart([]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    expect(await client.execute([])).toEqual([]);
    expect(organisation.sent).toHaveLength(0);
  });
});
