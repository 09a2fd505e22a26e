import { expect, test } from 'vitest';
import { startFhir } from '../../../local/fhir/index.ts';
import { type Body, type Door, serve } from './running-service.ts';

const patient = (id: string, gender?: string): Body => ({
  resourceType: 'Patient',
  id,
  ...(gender && { gender }),
});
const put = (service: Door, resource: Body) =>
  service.call('PUT', `/${resource.resourceType}/${resource.id}`, resource);
const arm = async (service: Door, script: unknown) => {
  const { status } = await service.call('POST', '/_control/faults', script);
  expect(status).toBe(200);
};

test('throttling answers 429 with Retry-After and x-ms-retry-after-ms until it is turned off', async () => {
  const service = await serve();
  await service.call('POST', '/_control/throttle', { requestsPerSecond: 0.01, burst: 2 });
  const statuses = [];
  for (let index = 0; index < 4; index += 1) {
    statuses.push((await service.call('GET', '/Patient/x')).status);
  }
  expect(statuses).toEqual([404, 404, 429, 429]);
  const refused = await service.call('GET', '/Patient/x');
  const seconds = Number(refused.headers.get('retry-after'));
  const milliseconds = Number(refused.headers.get('x-ms-retry-after-ms'));
  expect(seconds).toBe(Math.ceil(milliseconds / 1_000));
  expect(milliseconds).toBeGreaterThan(0);
  expect(milliseconds).toBeLessThanOrEqual(100_000);
  expect(refused.json.issue![0]!.code).toBe('throttled');
  await service.call('POST', '/_control/throttle', { requestsPerSecond: 0 });
  expect((await service.call('GET', '/Patient/x')).status).toBe(404);
});

test('a throttling fault carries both retry headers, a gateway fault HTML', async () => {
  const service = await serve();
  await arm(service, [{ retryAfterMs: 1_500 }, { status: 502, body: '<html>bad gateway</html>' }]);
  const throttled = await service.call('GET', '/Patient/x');
  expect(throttled.status).toBe(429);
  expect(throttled.headers.get('retry-after')).toBe('2');
  expect(throttled.headers.get('x-ms-retry-after-ms')).toBe('1500');
  const page = await fetch(`${service.url}/Patient/x`);
  expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
  expect(await page.text()).toBe('<html>bad gateway</html>');
});

test('a stale read shows the version before, or nothing before there was one', async () => {
  const service = await serve();
  await put(service, patient('old', 'male'));
  await put(service, patient('old', 'female'));
  await put(service, patient('new', 'female'));
  await arm(service, { method: 'GET', stale: true, times: 3 });
  const read = await service.call('GET', '/Patient/old');
  expect([read.json['gender'], read.headers.get('etag')]).toEqual(['male', 'W/"1"']);
  expect((await service.call('GET', '/Patient/new')).status).toBe(404);
  const search = await service.call('GET', '/Patient');
  expect(search.json.entry!.map(({ resource }) => resource!['gender'])).toEqual(['male']);
  expect((await service.call('GET', '/Patient/old')).json['gender']).toBe('female');
});

test('a shifted clock moves lastUpdated of later writes, and never backwards', async () => {
  const service = await serve();
  const hour = 3_600_000;
  await service.call('POST', '/_control/clock', { skewMs: hour });
  const ahead = await put(service, patient('ahead'));
  const lastUpdated = Date.parse(ahead.json.meta!.lastUpdated);
  expect(lastUpdated).toBeGreaterThan(Date.now() + hour / 2);
  await service.call('POST', '/_control/clock', { skewMs: 0 });
  const later = await put(service, patient('later'));
  expect(Date.parse(later.json.meta!.lastUpdated)).toBeGreaterThanOrEqual(lastUpdated);
});

test('the clock is shifted in process as over the control endpoint', async () => {
  const fhir = await startFhir({ port: 0 });
  try {
    fhir.skew(-3_600_000);
    const state = await (await fetch(`${fhir.url}/_control/clock`)).json();
    expect(state).toMatchObject({ skewMs: -3_600_000 });
    expect(() => fhir.skew(0.5)).toThrow();
  } finally {
    await fhir.close();
  }
});

test('a fault of one entry fails that entry of a batch and the whole of a transaction', async () => {
  const service = await serve();
  const bundle = (type: string, ...ids: string[]) => ({
    resourceType: 'Bundle',
    type,
    entry: ids.map((id) => ({
      resource: patient(id),
      request: { method: 'PUT', url: `Patient/${id}` },
    })),
  });
  await arm(service, { scope: 'entry', path: 'Patient/b', status: 503, times: 2 });
  const batch = await service.call('POST', '/', bundle('batch', 'a', 'b'));
  expect(batch.json.entry!.map(({ response }) => response!.status)).toEqual(['201', '503']);
  expect((await service.call('POST', '/', bundle('transaction', 'c', 'b'))).status).toBe(503);
  expect((await service.call('GET', '/Patient/c')).status).toBe(404);
});

test('faults by chance are the same for the same seed', async () => {
  const rates = { throttled: 0.2, error503: 0.2, error502html: 0.1, stale: 0.1 };
  const run = async (seed: number) => {
    const service = await serve();
    await arm(service, { seed, rates, retryAfterMs: 10 });
    const statuses = [];
    for (let index = 0; index < 60; index += 1) {
      const response = await fetch(`${service.url}/Patient/x`);
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    return statuses;
  };
  const first = await run(7);
  expect(await run(7)).toEqual(first);
  expect(await run(8)).not.toEqual(first);
  expect(new Set(first)).toEqual(new Set([404, 429, 502, 503]));
});

test('a fault with a time limit ends by itself', async () => {
  const service = await serve();
  await arm(service, { status: 503, times: 1_000_000, forMs: 50 });
  expect((await service.call('GET', '/Patient/x')).status).toBe(503);
  await expect
    .poll(async () => (await service.call('GET', '/Patient/x')).status, { timeout: 10_000 })
    .toBe(404);
});
