import { describe, expect, test } from 'vitest';
import { ndjsonLines, readDeletes } from '../../../shared/bulk/index.ts';
import { manifestOf, openFile, patients, textOf } from './ig-client.ts';
import { token } from './ig-server.ts';
import { failureOf } from './scripted-service.ts';

describe('files', () => {
  test('the token goes along when it is required', async () => {
    const { server, manifest } = await manifestOf({ files: { 'Patient-1': patients } });
    expect(await textOf(openFile(server, manifest, manifest.files[0]!))).toBe(patients);
    expect(server.calls.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  });

  test('the token is never sent when it is not', async () => {
    const { server, manifest } = await manifestOf({
      files: { 'Patient-1': patients },
      requiresAccessToken: false,
    });
    expect(await textOf(openFile(server, manifest, manifest.files[0]!))).toBe(patients);
    expect(server.calls.at(-1)?.headers.authorization).toBeUndefined();
  });

  test('compressed files are asked for and unpacked', async () => {
    const { server, manifest } = await manifestOf({
      files: { 'Patient-1': patients.repeat(5000) },
    });
    expect(await textOf(openFile(server, manifest, manifest.files[0]!))).toBe(
      patients.repeat(5000),
    );
    expect(server.calls.at(-1)?.headers['accept-encoding']).toContain('gzip');
  });

  test('links that ended are taken from a manifest fetched anew', async () => {
    const { server, source, statusUrl, manifest } = await manifestOf({
      files: { 'Patient-1': patients },
      requiresAccessToken: false,
    });
    server.expireLinks();
    const file = manifest.files[0]!;
    const failure = await failureOf(textOf(openFile(server, manifest, file)));
    expect(failure).toMatchObject({ code: 'LINK_EXPIRED', retryable: true });
    const renew = async () => {
      const status = await source.status(statusUrl);
      return status.kind === 'done' ? status.manifest.files[0] : undefined;
    };
    expect(await textOf(openFile(server, manifest, file, renew))).toBe(patients);
  });

  test('a file elsewhere is refused before anything is sent', async () => {
    const { server, manifest } = await manifestOf({});
    const file = { url: 'http://127.0.0.1:9/files/x' };
    expect((await failureOf(textOf(openFile(server, manifest, file)))).code).toBe(
      'URL_NOT_ALLOWED',
    );
  });

  test('deleted files are read as deletes', async () => {
    const bundle = (...urls: string[]) =>
      JSON.stringify({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: urls.map((url) => ({ request: { method: 'DELETE', url } })),
      });
    const deleted = {
      'Bundle-1': `${bundle('Patient/a', 'https://x.example/fhir/Observation/b-1')}\n${bundle()}\n`,
    };
    const { server, manifest } = await manifestOf({ deleted });
    const lines = ndjsonLines(openFile(server, manifest, manifest.deleted[0]!), {
      file: 'Bundle-1',
    });
    const found: unknown[] = [];
    for await (const batch of readDeletes(lines, 'Bundle-1')) found.push(...batch);
    expect(found).toEqual([
      { resourceType: 'Patient', id: 'a' },
      { resourceType: 'Observation', id: 'b-1' },
    ]);
  });

  test('a delete that names no resource is an error with its place, not a gap', async () => {
    const deleted = {
      'Bundle-1':
        '{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE","url":"Patient?name=CANARY"}}]}',
    };
    const { server, manifest } = await manifestOf({ deleted });
    const lines = ndjsonLines(openFile(server, manifest, manifest.deleted[0]!), {
      file: 'Bundle-1',
    });
    const failure = await failureOf(readDeletes(lines, 'Bundle-1').next());
    expect(failure).toMatchObject({
      code: 'RESPONSE_UNREADABLE',
      details: { file: 'Bundle-1', line: 1 },
    });
  });
});
