import { describe, expect, it } from 'vitest';
import { type Listed, mapsOfRunningApp, problemType, urlOf, withAttribute } from './map-calls.ts';
import type { Json } from './running-app.ts';

const { app, send, read, mapPack, listed } = mapsOfRunningApp();

describe('GET /api/maps', () => {
  it('lists every map with its state, and the pack that new work begins with', async () => {
    const { status, body } = await send('GET', '/api/maps');
    expect(status).toBe(200);
    expect(body['mapPack']).toBe(await mapPack());
    const maps = body['maps'] as Listed[];
    const kinds = Map.groupBy(maps, ({ kind }) => kind);
    expect([...kinds.keys()]).toEqual(['entity', 'expansion', 'values']);
    const enabled = kinds.get('entity')!.filter((map) => map.status === 'enabled');
    expect(enabled.map(({ name }) => name).sort()).toEqual([
      'Condition',
      'Encounter',
      'Observation',
      'Organization',
      'Patient',
      'Practitioner',
    ]);
    expect(maps.find(({ name }) => name === 'Slot')).toMatchObject({
      ...{ kind: 'entity', status: 'disabled', shipped: true, overridden: false, version: 0 },
      ...{ author: 'shipped', resource: 'Slot', table: 'msemr_slot' },
    });
  });

  it('gives one map with its content, its ETag and its expansions', async () => {
    const { status, etag, body } = await send('GET', urlOf('entity', 'Patient'));
    expect([status, etag]).toEqual([200, '"0"']);
    expect(body).toMatchObject({ name: 'Patient', version: 0, content: { table: 'contact' } });
    expect(body['expansions']).toContainEqual({ name: 'identifier', status: 'enabled' });
    const { body: shipped } = await send('GET', urlOf('entity', 'Patient', '?version=0'));
    expect(shipped['content']).toEqual(body['content']);
  });

  it.each([
    ['entity', 'Nothing', '', 404],
    ['entity', 'patient', '', 404],
    ['packs', 'demo', '', 404],
    ['entity', 'Nothing', '/history', 404],
    ['entity', 'Patient', '?version=7', 404],
    ['entity', 'Patient', '?version=-1', 400],
    ['entity', 'Patient', '?version=x', 400],
  ])('%s/%s%s: %i with a remedy', async (kind, name, rest, status) => {
    const answer = await send('GET', urlOf(kind, name, rest));
    expect([answer.status, answer.type]).toEqual([status, problemType]);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });
});

describe('PUT /api/maps/{kind}/{name}', () => {
  it('keeps an edit as the next version, with its author, and it is in force at once', async () => {
    const before = await mapPack();
    const { etag, content } = await read('entity', 'Organization');
    const edited = withAttribute(content, 'name', { maxLength: 150 });
    const answer = await send('PUT', urlOf('entity', 'Organization'), edited, { 'if-match': etag });
    expect([answer.status, answer.etag]).toEqual([200, '"1"']);
    expect(answer.body).toMatchObject({ version: 1, author: 'local', change: 'edit' });
    expect(answer.body['mapPack']).not.toBe(before);
    expect(await mapPack()).toBe(answer.body['mapPack']);
    expect((await read('entity', 'Organization')).content).toEqual(edited);
    expect(await listed('entity', 'Organization')).toMatchObject({
      ...{ version: 1, overridden: true, author: 'local', status: 'enabled' },
    });
    const { body } = await send('GET', urlOf('entity', 'Organization', '/history'));
    expect(body['versions']).toMatchObject([
      { version: 1, author: 'local', change: 'edit' },
      { version: 0, author: 'shipped' },
    ]);
    expect(JSON.stringify(body)).not.toContain('attributes');
  });

  it('asks for the version that was edited, and refuses one that is no longer the latest', async () => {
    const { etag, content } = await read('entity', 'Slot');
    const put = (headers: object) => send('PUT', urlOf('entity', 'Slot'), content, headers);
    expect(await put({})).toMatchObject({ status: 428, type: problemType });
    expect(await put({ 'if-match': '*' })).toMatchObject({ status: 400, type: problemType });
    expect(await put({ 'if-match': etag })).toMatchObject({ status: 200 });
    const late = await put({ 'if-match': etag });
    expect([late.status, late.type]).toEqual([412, problemType]);
    expect(late.body['detail']).toContain('version 1');
    expect(await put({ 'if-none-match': '*' })).toMatchObject({ status: 409 });
    expect(await listed('entity', 'Slot')).toMatchObject({ status: 'disabled' });
  });

  it('of several who edit the same version at once, one succeeds and the others are told', async () => {
    const { etag, content } = await read('entity', 'Task');
    const answers = await Promise.all(
      [1, 2, 3, 4].map((note) =>
        send('PUT', urlOf('entity', 'Task'), { ...content, note: `${note}` }, { 'if-match': etag }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    expect(await listed('entity', 'Task')).toMatchObject({ version: 1 });
  });

  it('refuses a map with problems, names each place by JSON pointer, and changes nothing', async () => {
    const { etag, content } = await read('entity', 'Condition');
    const before = await mapPack();
    const [first, second, ...others] = content.attributes;
    const attributes = [{ ...first, source: '$..code' }, { ...second, source: 'code' }, ...others];
    const bad = { ...content, attributes };
    const answer = await send('PUT', urlOf('entity', 'Condition'), bad, { 'if-match': etag });
    expect([answer.status, answer.type]).toEqual([422, problemType]);
    const problems = answer.body['problems'] as Json[];
    expect(problems.map(({ pointer }) => pointer)).toEqual(
      expect.arrayContaining(['/attributes/0/source', '/attributes/1/source']),
    );
    for (const found of problems) {
      expect(found).toMatchObject({ file: 'entity/condition.json' });
      expect(String(found['remedy']).length).toBeGreaterThan(10);
    }
    expect((await read('entity', 'Condition')).etag).toBe(etag);
    expect(await mapPack()).toBe(before);
  });

  it.each([
    ['[]', 400],
    ['"x"', 400],
    ['{', 400],
    ['{}', 422],
    ['{"__proto__": {"disabled": true}}', 422],
    [`{"note": "${'x'.repeat(1_000_000)}"}`, 413],
  ])('refuses the body %.40s', async (body, status) => {
    const answer = await send('PUT', urlOf('entity', 'Claim'), body, { 'if-match': '"0"' });
    expect([answer.status, answer.type]).toEqual([status, problemType]);
    expect(await listed('entity', 'Claim')).toMatchObject({ version: 0 });
  });

  it('makes a new map, of any name that fits into a URL', async () => {
    const { content } = await read('values', 'name-use');
    const url = urlOf('values', 'contact <-> Patient (mine) é');
    const made = await send('PUT', url, content, { 'if-none-match': '*' });
    expect([made.status, made.etag]).toEqual([201, '"1"']);
    expect(made.body).toMatchObject({ name: 'contact <-> Patient (mine) é', shipped: false });
    expect((await send('GET', url)).body).toMatchObject({ version: 1, author: 'local' });
    const again = await send('PUT', url, content, { 'if-none-match': '*' });
    expect(again.status).toBe(409);
    const missing = await send('PUT', urlOf('values', 'gone'), content, { 'if-match': '"1"' });
    expect(missing.status).toBe(404);
  });
});

describe('an instance of the app', () => {
  it('works with edits made on another one within seconds, and finds its packs', async () => {
    const other = await app().anotherHost();
    try {
      const { etag, content } = await read('entity', 'Encounter');
      const edited = { ...content, supportedMessages: ['Create'] };
      const saved = await send('PUT', urlOf('entity', 'Encounter'), edited, { 'if-match': etag });
      const expected = saved.body['mapPack'];
      await expect
        .poll(async () => (await other.call('GET', '/api/status')).body['mapPack'], {
          timeout: 30_000,
        })
        .toBe(expected);
      const seen = await other.call('GET', urlOf('entity', 'Encounter'));
      expect([seen.etag, seen.body['content']]).toEqual(['"1"', edited]);
    } finally {
      await other.stop();
    }
  });
});
