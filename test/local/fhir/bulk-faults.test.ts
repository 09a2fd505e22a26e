import { expect, test } from 'vitest';
import {
  exported,
  exportHeaders,
  importLines,
  importParameters,
  manifestOf,
  pathOf,
  runExport,
  serveBulk,
  settled,
  startImport,
  tick,
  upload,
  useStorage,
  version,
} from './bulk-services.ts';
import type { Door } from './running-service.ts';

// The fault knobs of facts/migration.md 2.5.

useStorage();

const arm = (service: Door, script: unknown) =>
  service.call('POST', '/_control/bulk-faults', script);
const kickOff = (service: Door, query = '') =>
  service.call('GET', `/$export${query}`, undefined, exportHeaders);
const put = (service: Door, id: string) =>
  service.call('PUT', `/Patient/${id}`, { resourceType: 'Patient', id });

test('429 comes with either, both or no header, and as an HTTP date', async () => {
  const service = await serveBulk();
  const headers = async (kind: string) => {
    await arm(service, { kind: 'throttled', step: 'kick-off', headers: kind, retryAfterMs: 1500 });
    const answer = await kickOff(service);
    expect(answer.status).toBe(429);
    expect(answer.json.resourceType).toBe('OperationOutcome');
    return [answer.headers.get('retry-after'), answer.headers.get('x-ms-retry-after-ms')];
  };
  expect(await headers('both')).toEqual(['2', '1500']);
  expect(await headers('retry-after')).toEqual(['2', null]);
  expect(await headers('retry-after-ms')).toEqual([null, '1500']);
  expect(await headers('none')).toEqual([null, null]);
  expect(Date.parse((await headers('http-date'))[0]!)).toBeGreaterThan(0);
  expect((await kickOff(service)).status).toBe(202);
});

test('a gateway answers with HTML, an expired token with 401, a missing role with 403', async () => {
  const service = await serveBulk();
  const path = pathOf(await kickOff(service));
  await arm(service, [
    { kind: 'html-gateway', step: 'poll' },
    { kind: 'expired-token', step: 'poll' },
    { kind: 'forbidden', step: 'cancel' },
  ]);
  const answer = await fetch(service.url + path);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html']);
  expect(await answer.text()).toContain('<html>');
  expect((await service.call('GET', path)).status).toBe(401);
  expect((await service.call('DELETE', path)).status).toBe(403);
  expect((await settled(service, path)).status).toBe(200);
});

test('a dropped Content-Location leaves a job that runs and that nobody knows of', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  await tick();
  await arm(service, { kind: 'no-content-location', operation: 'export' });
  const lost = await kickOff(service);
  expect([lost.status, lost.headers.get('content-location')]).toEqual([202, null]);
  const next = Number(
    pathOf(await kickOff(service))
      .split('/')
      .at(-1),
  );
  expect((await settled(service, `/_operations/export/${next - 1}`)).status).toBe(200);
});

test('polls can be stuck at 202, or slow, for as many polls as told, after as many as told', async () => {
  const service = await serveBulk();
  const path = pathOf(await kickOff(service));
  await settled(service, path);
  await arm(service, [
    { kind: 'stuck', after: 1, times: 2 },
    { kind: 'slow', step: 'poll', delayMs: 40, after: 3 },
  ]);
  const statuses: number[] = [];
  for (let poll = 0; poll < 4; poll += 1) statuses.push((await service.call('GET', path)).status);
  expect(statuses).toEqual([200, 202, 202, 200]);
});

test('a premature 200 shows a part of the output, the next poll all of it', async () => {
  const service = await serveBulk();
  for (const id of ['a', 'b', 'c', 'd']) await put(service, id);
  await tick();
  const path = pathOf(await kickOff(service, '?_maxCount=1'));
  await settled(service, path);
  await arm(service, { kind: 'premature' });
  expect(manifestOf(await service.call('GET', path)).output).toHaveLength(2);
  expect(manifestOf(await service.call('GET', path)).output).toHaveLength(4);
});

test('a job that the service stopped ends with 200 and partial output for good', async () => {
  const service = await serveBulk();
  for (const id of ['a', 'b', 'c']) await put(service, id);
  await arm(service, { kind: 'stopped', afterFiles: 1 });
  const manifest = await runExport(service, '?_maxCount=1');
  expect((await exported(manifest)).map(({ id }) => id)).toEqual(['a']);
});

test('an export that runs out of memory fails and names the count', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  await tick();
  await arm(service, { kind: 'out-of-memory' });
  const failed = await settled(service, pathOf(await kickOff(service, '?_maxCount=77')));
  expect(failed.status).toBe(500);
  expect(failed.json.issue![0]!.diagnostics).toContain('_maxCount');
  expect(failed.json.issue![0]!.diagnostics).toContain('77');
});

test('an import can fail for good after batches that stay loaded', async () => {
  const service = await serveBulk({ validateWrites: false });
  const lines = Array.from({ length: 2500 }, (_, index) =>
    version(`p${index}`, undefined, undefined),
  );
  const url = await upload(lines);
  await arm(service, { kind: 'fatal', afterBatches: 2 });
  const job = await startImport(service, importParameters([{ url }]));
  const failed = await settled(service, pathOf(job));
  expect(failed.status).toBe(500);
  expect(failed.json.issue![0]!.diagnostics).toBe(
    `import operation failed for reason: InternalServerError ErrorFile: ${url}`,
  );
  const { json } = await service.call('GET', '/Patient?_summary=count');
  expect(json.total).toBe(2000);
  const changed = importParameters(
    [{ url }],
    [{ name: 'allowNegativeVersions', valueBoolean: true }],
  );
  expect((await settled(service, pathOf(await startImport(service, changed)))).status).toBe(200);
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(2500);
});

test('a unit that fails for good leaves the others to load, and the job fails with the name of its file', async () => {
  const service = await serveBulk({ validateWrites: false });
  const urls = await Promise.all(
    ['a', 'b', 'c'].map((id) => upload([version(id, undefined, undefined)])),
  );
  await arm(service, { kind: 'fatal', afterBatches: 2 });
  const inputs = urls.map((url) => ({ url }));
  const failed = await settled(
    service,
    pathOf(await startImport(service, importParameters(inputs))),
  );
  expect(failed.status).toBe(500);
  expect(failed.json.issue![0]!.diagnostics).toContain(`ErrorFile: ${urls[1]}`);
  const { json } = await service.call('GET', '/Patient?_summary=count');
  expect(json.total).toBe(3);
});

test('a late commit appears inside a window that was exported before', async () => {
  const service = await serveBulk();
  await put(service, 'a');
  await tick();
  const till = new Date().toISOString();
  const first = await exported(await runExport(service, `?_till=${till}`));
  await arm(service, { kind: 'late-write', lateMs: 60_000 });
  const late = await put(service, 'late');
  await put(service, 'on-time');
  expect(late.json.meta!.lastUpdated < till).toBe(true);
  const second = await exported(await runExport(service, `?_till=${till}`));
  expect(first.map(({ id }) => id)).toEqual(['a']);
  expect(second.map(({ id }) => id)).toEqual(['late', 'a']);
});

test('a late commit can invert lastUpdated and version, which an import then finds in conflict', async () => {
  const source = await serveBulk();
  await put(source, 'a');
  await arm(source, { kind: 'late-write', lateMs: 60_000 });
  await source.call('PUT', '/Patient/a', { resourceType: 'Patient', id: 'a', active: true });
  const versions = await exported(await runExport(source, '?includeAssociatedData=_history'));
  const target = await serveBulk();
  expect((await importLines(target, versions)).causes).toHaveLength(1);
});

test('a skewed clock shifts lastUpdated, the default of _till and transactionTime', async () => {
  const service = await serveBulk({ clockOffsetMs: 3_600_000 });
  const { json } = await put(service, 'a');
  expect(Date.parse(json.meta!.lastUpdated) - Date.now()).toBeGreaterThan(3_500_000);
  const { output, transactionTime } = await runExport(service);
  expect(output).toHaveLength(1);
  expect(Date.parse(transactionTime) - Date.now()).toBeGreaterThan(3_500_000);
});

test('seeded faults are the same for the same calls', async () => {
  const script = { seed: 11, rates: { throttled: 0.3, 'html-gateway': 0.2, stuck: 0.2 } };
  const statuses = async () => {
    const service = await serveBulk();
    const path = pathOf(await kickOff(service));
    await settled(service, path);
    await arm(service, script);
    const seen: number[] = [];
    for (let call = 0; call < 30; call += 1) {
      const answer = await fetch(service.url + path);
      await answer.arrayBuffer();
      seen.push(answer.status);
    }
    return seen;
  };
  const first = await statuses();
  expect(await statuses()).toEqual(first);
  expect(new Set(first)).toEqual(new Set([200, 202, 429, 502]));
});

test('faults are listed and cleared, and a script that cannot be meant is refused', async () => {
  const service = await serveBulk();
  await arm(service, { kind: 'stuck', times: 5 });
  const listed = await service.call('GET', '/_control/bulk-faults');
  expect(listed.json['faults']).toMatchObject([{ kind: 'stuck', left: 5 }]);
  await service.call('DELETE', '/_control/bulk-faults');
  const path = pathOf(await kickOff(service));
  expect((await settled(service, path)).status).toBe(200);
  expect((await service.call('GET', path)).status).toBe(200);
  for (const script of [{ kind: 'nothing' }, { kind: 'stuck', times: 0 }, { seed: 1 }]) {
    expect((await arm(service, script)).status).toBe(400);
  }
});
