import { describe, expect, test } from 'vitest';
import { clientOf, everything, manifestOf, patients, started } from './ig-client.ts';
import { igServer, refusal, transactionTime } from './ig-server.ts';
import { failureOf } from './scripted-service.ts';

describe('kick-off', () => {
  test('STU3: GET with the window, its end as _until', async () => {
    const { server } = await started(
      {},
      {
        ...everything,
        types: ['Patient', 'Observation'],
        since: '2026-01-01T00:00:00.000Z',
        till: '2026-02-01T00:00:00.000Z',
      },
    );
    const [call] = server.calls;
    expect(call?.method).toBe('GET');
    expect(Object.fromEntries(new URL(call?.url ?? '', server.url).searchParams)).toEqual({
      _type: 'Patient,Observation',
      _since: '2026-01-01T00:00:00.000Z',
      _until: '2026-02-01T00:00:00.000Z',
    });
  });

  test('STU4: POST of Parameters once GET is refused, each type a parameter of its own', async () => {
    const { server, statusUrl } = await started(
      { release: 'stu4' },
      { ...everything, types: ['Patient', 'Observation'], since: '2026-01-01T00:00:00.000Z' },
    );
    expect(statusUrl).toMatch(/\/jobs\/1$/);
    expect(server.calls.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  test('what only Azure Health Data Services knows is refused before anything is sent', async () => {
    const server = await igServer();
    const failure = await failureOf(
      clientOf(server).kickOff({ ...everything, history: true, container: 'c' }),
    );
    expect(failure).toMatchObject({
      code: 'INPUT_INVALID',
      details: { unknown: ['container', 'history'] },
    });
    expect(server.calls).toEqual([]);
  });
});

describe('polling', () => {
  test('waits are read in seconds and as a date, progress as it is', async () => {
    const soon = new Date(Date.now() + 90_000).toUTCString();
    const { source, statusUrl } = await started({
      polls: [
        { status: 202, headers: { 'retry-after': '120', 'x-progress': '50% complete' } },
        { status: 202, headers: { 'retry-after': soon, 'x-progress': 'in progress' } },
      ],
    });
    expect(await source.status(statusUrl)).toEqual({
      kind: 'running',
      retryAfterSeconds: 120,
      progress: '50% complete',
    });
    const second = await source.status(statusUrl);
    expect(second).toMatchObject({ kind: 'running', progress: 'in progress' });
    expect(second.kind === 'running' && second.retryAfterSeconds).toBeGreaterThan(60);
    expect(await source.status(statusUrl)).toMatchObject({ kind: 'done' });
  });

  test.each([
    [
      '429',
      { status: 429, headers: { 'retry-after': '7' } },
      { trouble: 'throttled', retryAfterSeconds: 7 },
    ],
    [
      '429 with an outcome and a wait',
      refusal(429, 'throttled', { 'retry-after': '7' }),
      { trouble: 'throttled', retryAfterSeconds: 7 },
    ],
    ['a token that ended', refusal(401, 'expired'), { trouble: 'not-signed-in' }],
    ['a gateway page', { status: 502, body: '<html>CANARY</html>' }, { trouble: 'unavailable' }],
    ['503 without a word', { status: 503 }, { trouble: 'unavailable' }],
    ['a transient outcome', refusal(500, 'transient'), { trouble: 'unavailable' }],
    ['408', { status: 408 }, { trouble: 'unavailable' }],
  ])('%s says nothing about the job: polling goes on', async (_, reply, expected) => {
    const { source, statusUrl } = await started({ polls: [reply] });
    expect(await source.status(statusUrl)).toEqual({ kind: 'running', ...expected });
    expect(await source.status(statusUrl)).toMatchObject({ kind: 'done' });
  });

  test('an outcome that is not transient is the failure of the job', async () => {
    const { source, statusUrl } = await started({
      polls: [refusal(500, 'exception'), refusal(422, 'too-costly')],
    });
    expect(await source.status(statusUrl)).toEqual({
      kind: 'failed',
      status: 500,
      cause: 'exception',
    });
    expect(await source.status(statusUrl)).toEqual({
      kind: 'failed',
      status: 422,
      cause: 'too-costly',
    });
  });

  test('with separate-export-status the header tells of the job', async () => {
    const { source, statusUrl } = await started({
      release: 'stu4',
      separateStatus: true,
      polls: [
        { status: 202, headers: { 'x-progress': '10%' } },
        { status: 429 },
        refusal(500, 'exception'),
      ],
    });
    expect(await source.status(statusUrl)).toEqual({ kind: 'running', progress: '10%' });
    expect(await source.status(statusUrl)).toEqual({ kind: 'running', trouble: 'throttled' });
    expect(await source.status(statusUrl)).toEqual({
      kind: 'failed',
      status: 500,
      cause: 'exception',
    });
    expect(await source.status(statusUrl)).toMatchObject({ kind: 'done' });
  });

  test('the job is ended when its files have been fetched, and is gone after', async () => {
    const { source, statusUrl } = await manifestOf({ files: { 'Patient-1': patients } });
    expect(await source.cancel(statusUrl)).toBe('cancelled');
    expect(await source.status(statusUrl)).toEqual({ kind: 'gone' });
    expect(await source.cancel(statusUrl)).toBe('gone');
  });

  test('a status URL of another origin is refused', async () => {
    const { source } = await started();
    expect((await failureOf(source.status('http://127.0.0.1:9/jobs/1'))).code).toBe(
      'URL_NOT_ALLOWED',
    );
  });
});

describe('the manifest', () => {
  test('its pages are put together, with deletes and errors', async () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`Patient-${n}`, patients]));
    const { manifest } = await manifestOf({
      files,
      filesPerPage: 2,
      deleted: { 'Bundle-1': '{}' },
      errors: { 'OperationOutcome-1': '{}' },
    });
    expect(manifest).toMatchObject({
      transactionTime,
      requiresAccessToken: true,
      expires: '2026-03-01T11:00:00.000Z',
    });
    expect(manifest.files.map(({ type, count }) => [type, count])).toEqual(
      Array(5).fill(['Patient', 2]),
    );
    expect(manifest.deleted).toHaveLength(1);
    expect(manifest.errors).toHaveLength(1);
  });

  test('STU4 names its error files "outcome"', async () => {
    const { manifest } = await manifestOf({
      release: 'stu4',
      errors: { 'OperationOutcome-1': '{}' },
    });
    expect(manifest.errors).toHaveLength(1);
  });

  test('a next page that is not ready leaves the job running', async () => {
    const first = {
      transactionTime,
      requiresAccessToken: false,
      output: [],
      link: [{ relation: 'next', url: '/jobs/1?page=1' }],
    };
    const { source, statusUrl } = await started({
      polls: [
        { status: 200, body: first },
        { status: 202, headers: { 'retry-after': '3' } },
      ],
    });
    expect(await source.status(statusUrl)).toEqual({ kind: 'running', retryAfterSeconds: 3 });
  });

  test('pages in a circle are refused', async () => {
    const page = (url: string) => ({
      status: 200,
      body: { transactionTime, requiresAccessToken: false, link: [{ relation: 'next', url }] },
    });
    const { source, statusUrl } = await started({
      polls: [page('/jobs/1?page=1'), page('/jobs/1?page=1')],
    });
    expect((await failureOf(source.status(statusUrl))).code).toBe('RESPONSE_UNREADABLE');
  });
});
