import { describe, expect, test } from 'vitest';
import { failureOf, outcome, patient, type ScriptedAnswer, script } from './scripted-server.ts';

function page(ids: readonly string[], next?: string): ScriptedAnswer {
  return {
    body: {
      resourceType: 'Bundle',
      type: 'searchset',
      link: [{ relation: 'self', url: 'x' }, ...(next ? [{ relation: 'next', url: next }] : [])],
      entry: ids.map((id) => ({ resource: patient(id), search: { mode: 'match' } })),
    },
  };
}

async function idsOf(resources: AsyncIterable<{ readonly id?: string }>) {
  const ids: unknown[] = [];
  for await (const { id } of resources) {
    ids.push(id);
  }
  return ids;
}

test('parameters are encoded, repeated names kept, and the service is told to be strict', async () => {
  const { client, seen } = await script(() => page([]));
  const parameters = [
    ['identifier', 'urn:x|a b&c'],
    ['_lastUpdated', 'ge2026'],
    ['_lastUpdated', 'lt2027'],
  ] as const;
  expect(await idsOf(client.search('Patient', parameters))).toEqual([]);
  const { pathname, searchParams } = new URL(seen[0]?.path ?? '', 'http://x');
  expect(pathname).toBe('/Patient');
  expect([...searchParams]).toEqual(parameters);
  expect(seen[0]?.headers['prefer']).toBe('handling=strict');
});

test('pages are followed to the end, absolute and relative, below the base path', async () => {
  const { client } = await script(
    ({ path }, url) => {
      if (path.includes('ct=2')) {
        return page(['c'], undefined);
      }
      return path.includes('ct=1')
        ? page(['b'], 'Patient?ct=2')
        : page(['a'], `${url}/Patient?ct=1`);
    },
    { basePath: '/fhir/r4' },
  );
  expect(await idsOf(client.search('Patient', []))).toEqual(['a', 'b', 'c']);
});

test('outcomes among the matches are passed over, includes are given', async () => {
  const { client } = await script(() => ({
    body: {
      resourceType: 'Bundle',
      entry: [
        { resource: outcome('informational'), search: { mode: 'outcome' } },
        { resource: patient('included'), search: { mode: 'include' } },
        { resource: patient('plain') },
      ],
    },
  }));
  expect(await idsOf(client.search('Patient', []))).toEqual(['included', 'plain']);
});

describe('a search never ends early in silence', () => {
  test.each([
    ['another host', () => 'http://127.0.0.1:1/r4/Patient?ct=1'],
    ['another scheme', (url: string) => `${url.replace('http:', 'https:')}/Patient?ct=1`],
    ['outside of the base path', (url: string) => `${url.replace('/r4', '')}/other/Patient?ct=1`],
    ['a base path that only begins alike', (url: string) => `${url}5/Patient?ct=1`],
    ['steps up', (url: string) => `${url}/../admin?ct=1`],
    ['a scheme-relative link', () => '//127.0.0.1:1/r4/Patient'],
    ['a link with a user', (url: string) => `${url.replace('//', '//me@')}/Patient?ct=1`],
    ['no link at all', () => 'http://['],
  ])('a next link to %s is refused', async (_, next) => {
    const { client, seen } = await script((_request, url) => page(['a'], next(url)), {
      basePath: '/r4',
    });
    const error = await failureOf(idsOf(client.search('Patient', [])));
    expect(error).toMatchObject({ code: 'URL_NOT_ALLOWED', retryable: false });
    expect(seen).toHaveLength(1);
  });

  test('a next link in a circle is refused', async () => {
    const { client } = await script((_, url) => page(['a'], `${url}/Patient?ct=1`));
    expect(await failureOf(idsOf(client.search('Patient', [])))).toMatchObject({
      code: 'RESPONSE_UNREADABLE',
    });
  });

  test('more pages than allowed are an error, not an end', async () => {
    const { client, seen } = await script(({ path }, url) => {
      const number = Number(/ct=(\d+)/.exec(path)?.[1] ?? 0);
      return page([`p${number}`], `${url}/Patient?ct=${number + 1}`);
    });
    const error = await failureOf(idsOf(client.search('Patient', [], { maxPages: 3 })));
    expect(error).toMatchObject({ code: 'FHIR_REFUSED' });
    expect(seen).toHaveLength(3);
  });

  test('exactly as many pages as allowed are no error', async () => {
    const { client } = await script(() => page(['a']));
    expect(await idsOf(client.search('Patient', [], { maxPages: 1 }))).toEqual(['a']);
  });

  test.each<[string, ScriptedAnswer, string]>([
    ['a refused parameter', { status: 400, body: outcome('not-supported') }, 'FHIR_REFUSED'],
    ['an internal error', { status: 500 }, 'FHIR_UNAVAILABLE'],
    ['throttling', { status: 429 }, 'FHIR_UNAVAILABLE'],
    ['an unexpected success', { status: 202, body: {} }, 'FHIR_REFUSED'],
    ['an outcome with 200', { body: outcome('exception') }, 'RESPONSE_UNREADABLE'],
    [
      'entries without resource',
      { body: { resourceType: 'Bundle', entry: [{}] } },
      'RESPONSE_UNREADABLE',
    ],
    ['text', { body: 'CANARY' }, 'RESPONSE_UNREADABLE'],
  ])('%s is thrown', async (_, answer, code) => {
    const { client } = await script(() => answer);
    const error = await failureOf(idsOf(client.search('Consent', [['patient', 'Patient/1']])));
    expect(error).toMatchObject({ code });
    expect(`${error} ${JSON.stringify(error)}`).not.toContain('CANARY');
  });
});

test('a search that is left early reads no further pages', async () => {
  const { client, seen } = await script((_, url) =>
    page(['a', 'b'], `${url}/Patient?ct=${Math.random()}`),
  );
  for await (const resource of client.search('Patient', [])) {
    expect(resource.id).toBe('a');
    break;
  }
  expect(seen).toHaveLength(1);
});

test('one page at a time is gone on with by its link, in another process too', async () => {
  const { client } = await script(
    ({ path }, url) =>
      path.includes('ct=1') ? page(['b']) : page(['a'], `${url}/Patient?_count=1&ct=1`),
    { basePath: '/fhir/r4' },
  );
  const first = await client.searchPage('Patient', [['_count', '1']]);
  expect(first.resources.map(({ id }) => id)).toEqual(['a']);
  const second = await client.searchPage('Patient', [['_count', '1']], first.next);
  expect(second.resources.map(({ id }) => id)).toEqual(['b']);
  expect(second).not.toHaveProperty('next');
});

test('a page that leads away or to itself is refused', async () => {
  const elsewhere = 'https://elsewhere.example.org/Patient?ct=1';
  const away = await script(() => page(['a'], elsewhere));
  for (const link of [undefined, elsewhere]) {
    const error = await failureOf(away.client.searchPage('Patient', [], link));
    expect(error).toMatchObject({ code: 'URL_NOT_ALLOWED' });
  }
  const still = await script((_request, url) => page(['a'], `${url}/Patient?ct=1`));
  const { next } = await still.client.searchPage('Patient', []);
  const error = await failureOf(still.client.searchPage('Patient', [], next));
  expect(error).toMatchObject({ code: 'RESPONSE_UNREADABLE' });
});
