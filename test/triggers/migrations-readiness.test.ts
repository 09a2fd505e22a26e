import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrationActivities } from '../../activities/migration/index.ts';
import { loadConfig } from '../../shared/config.ts';
import { createMigrationHandlers } from '../../triggers/migrations/index.ts';
import {
  type MovingServices,
  patientOf,
  put,
  startMovingServices,
} from '../activities/migration/moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
  await put(services.sourceUrl, { ...patientOf('secret-free', 'Verysecretname') });
  await put(services.sourceUrl, patientOf('b'));
  await put(services.sourceUrl, patientOf('b', 'C'));
}, 120_000);
afterAll(() => services?.close());

type Name = 'assess' | 'readiness' | 'cutOverChecklist';

interface Asked {
  readonly id?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly body?: object;
  readonly synchronizes?: boolean;
}

async function ask(name: Name, asked: Asked = {}): Promise<HttpResponseInit> {
  const { id, query, accept, body, synchronizes = true } = asked;
  const { sync } = loadConfig({
    FDS_FHIR_URL: services.sourceUrl,
    FDS_DATAVERSE_URL: 'http://127.0.0.1:1/api/data/v9.2',
    FDS_CONSENT_DEFAULT: 'deny',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  });
  const handlers = createMigrationHandlers({
    config: { authorization: 'loopback', sync: synchronizes ? sync : undefined },
    migration: services.deps,
  });
  const request = new HttpRequest({
    method: body === undefined ? 'GET' : 'POST',
    url: `http://127.0.0.1:7071/api/migrations?${new URLSearchParams(query)}`,
    params: id === undefined ? {} : { id },
    headers: accept === undefined ? {} : { accept },
    ...(body === undefined ? {} : { body: { string: JSON.stringify(body) } }),
  });
  return handlers[name](request, new InvocationContext({ logHandler: () => undefined }));
}

const textOf = ({ body }: HttpResponseInit): string =>
  typeof body === 'string' ? body : Buffer.from(body as Buffer).toString('utf8');
const typeOf = ({ headers }: HttpResponseInit): unknown =>
  (headers as Readonly<Record<string, string>>)['content-type'];

describe('POST /api/migrations/assess', () => {
  it('counts the source, tries what it needs, starts nothing and leaves nothing', async () => {
    const answer = await ask('assess', { body: {} });
    const report: unknown = JSON.parse(textOf(answer));
    expect(report).toMatchObject({
      possible: true,
      migrationId: null,
      total: { resources: 2, versions: 3, inTarget: 0 },
      types: [{ type: 'Patient', resources: 2, versions: 3 }],
      comparison: { sameVersion: true, typesMissing: [] },
    });
    expect(await services.store.runs.list('runs')).toEqual([]);
    const left: string[] = [];
    for await (const name of services.deps.blobs.containers('fds-')) left.push(name);
    expect(left).toEqual([]);
    for (const url of [services.sourceUrl, services.targetUrl]) {
      const status = (await (await fetch(`${url}/_control/status`)).json()) as { jobs?: number };
      expect(status.jobs ?? 0).toBe(0);
    }
  }, 60_000);

  it('is a page for a browser, and Markdown when asked for; neither holds clinical data', async () => {
    const html = await ask('assess', { body: {}, accept: 'text/html,application/xhtml+xml' });
    expect([typeOf(html), textOf(html)]).toEqual([
      'text/html; charset=utf-8',
      expect.stringContaining('<h1>Readiness of a migration</h1>'),
    ]);
    const markdown = await ask('assess', { body: {}, query: { format: 'markdown' } });
    expect(textOf(markdown)).toContain('# Readiness of a migration');
    expect(textOf(html) + textOf(markdown)).not.toContain('Verysecretname');
  }, 60_000);

  it('a type that the source does not know is in the way, by name', async () => {
    const answer = await ask('assess', { body: { types: ['Patient', 'Unicorn'] } });
    expect(JSON.parse(textOf(answer))).toMatchObject({
      possible: false,
      reasons: [expect.stringContaining('Unicorn')],
    });
  }, 60_000);

  it.each([{ query: { format: 'pdf' } }, { body: { nonsense: 1 } }])(
    '%j is refused',
    async (asked) => {
      expect(await ask('assess', { body: {}, ...asked })).toMatchObject({ status: 400 });
    },
  );
});

describe('a migration', () => {
  it('keeps the report that it was prepared with, in all forms', async () => {
    const id = await services.start();
    expect(await ask('readiness', { id })).toMatchObject({ status: 404 });
    const { assess } = createMigrationActivities(services.deps);
    expect(await assess({ migrationId: id })).toEqual({ kind: 'assessed' });
    expect(JSON.parse(textOf(await ask('readiness', { id })))).toMatchObject({ migrationId: id });
    const html = await ask('readiness', { id, accept: 'text/html' });
    expect(textOf(html)).toContain('<!doctype html>');
  }, 60_000);

  it('has a checklist for the cut-over that knows where this product reads', async () => {
    const id = await services.start({ cutOver: 'when-ordered' });
    const checklist: unknown = JSON.parse(textOf(await ask('cutOverChecklist', { id })));
    expect(checklist).toMatchObject({
      state: 'preparing',
      after: expect.arrayContaining([
        expect.objectContaining({
          title: 'this product: FDS_FHIR_URL',
          found: 'It is the source.',
        }),
      ]),
    });
    const other = textOf(await ask('cutOverChecklist', { id, synchronizes: false }));
    expect(other).toContain('This app only migrates.');
    const page = await ask('cutOverChecklist', { id, query: { format: 'html' } });
    expect(textOf(page)).toContain(services.targetUrl);
  }, 60_000);
});
