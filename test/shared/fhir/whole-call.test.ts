import { describe, expect, test } from 'vitest';
import { createFhirClient } from '../../../shared/fhir/index.ts';
import { createHttp } from '../../../shared/http/index.ts';
import { batchResponse, failureOf, outcome, patient, script } from './scripted-server.ts';

const reference = (id: string) => ({ resourceType: 'Patient', id });
const references = (count: number) =>
  Array.from({ length: count }, (_, index) => reference(`p${index}`));

describe('what concerns a whole call is thrown', () => {
  test.each<
    [
      string,
      { status?: number; headers?: Record<string, string>; body?: unknown },
      Record<string, unknown>,
    ]
  >([
    [
      'throttled',
      { status: 429, headers: { 'retry-after': '7' } },
      { code: 'FHIR_UNAVAILABLE', retryable: true, retryAfterSeconds: 7 },
    ],
    [
      'an HTML 502',
      { status: 502, body: '<html>CANARY</html>' },
      { code: 'FHIR_UNAVAILABLE', retryable: true },
    ],
    [
      'unavailable',
      { status: 503, headers: { 'retry-after': '3' } },
      { code: 'FHIR_UNAVAILABLE', retryAfterSeconds: 3 },
    ],
    [
      'an internal error',
      { status: 500, body: outcome('exception') },
      { code: 'FHIR_UNAVAILABLE', retryable: true },
    ],
    ['not signed in', { status: 401 }, { code: 'FHIR_UNAVAILABLE', retryable: true }],
    [
      'forbidden',
      { status: 403, body: outcome('forbidden') },
      { code: 'FHIR_REFUSED', retryable: false },
    ],
    [
      'a bad bundle',
      { status: 400, body: outcome('invalid') },
      { code: 'FHIR_REFUSED', retryable: false },
    ],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      { code: 'FHIR_REFUSED' },
    ],
    ['no JSON', { body: '<html>CANARY</html>' }, { code: 'RESPONSE_UNREADABLE', retryable: true }],
    ['half of the JSON', { body: '{"resourceType":"CANARY' }, { code: 'RESPONSE_UNREADABLE' }],
    ['another resource', { body: patient('p0') }, { code: 'RESPONSE_UNREADABLE' }],
    [
      'a bundle without entries',
      { body: { resourceType: 'Bundle' } },
      { code: 'RESPONSE_UNREADABLE' },
    ],
    [
      'fewer entries',
      batchResponse([{ response: { status: '404' } }]),
      { code: 'RESPONSE_UNREADABLE' },
    ],
    [
      'more entries',
      batchResponse(Array(3).fill({ response: { status: '404' } })),
      { code: 'RESPONSE_UNREADABLE' },
    ],
    [
      'entries without status',
      batchResponse(Array(2).fill({ response: {} })),
      { code: 'RESPONSE_UNREADABLE' },
    ],
    [
      'statuses in words',
      batchResponse(Array(2).fill({ response: { status: 'fine' } })),
      { code: 'RESPONSE_UNREADABLE' },
    ],
  ])('%s', async (_, answer, expected) => {
    const { client } = await script(() => answer);
    const error = await failureOf(client.readCurrent(references(2)));
    expect(error).toMatchObject(expected);
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('CANARY');
  });

  test('a service that is not there', async () => {
    const send = createHttp({
      allowedOrigins: ['http://127.0.0.1:9'],
      userAgent: 'test/1',
      retry: { attempts: 1, maxWaitSeconds: 0 },
    });
    const client = createFhirClient({ url: 'http://127.0.0.1:9', send });
    expect(await failureOf(client.readCurrent([reference('p1')]))).toMatchObject({
      code: 'FHIR_UNAVAILABLE',
      retryable: true,
    });
  });
});
