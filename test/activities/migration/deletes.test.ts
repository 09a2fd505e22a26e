import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  importLines,
  type MovingServices,
  patientOf,
  put,
  remove,
  startMovingServices,
  statusOf,
  verdictOf,
} from './moving-services.ts';

describe('hard deletes', () => {
  let services: MovingServices;
  beforeAll(async () => {
    services = await startMovingServices();
  }, 120_000);
  afterAll(() => services.close());

  it('are found by what the target has alone, applied and listed; a resource made again stays', async () => {
    const { sourceUrl, targetUrl } = services;
    for (const id of ['kept', 'gone', 'again']) await put(sourceUrl, patientOf(id));
    await put(targetUrl, patientOf('gone'));
    await remove(sourceUrl, 'Patient/gone', true);
    await remove(sourceUrl, 'Patient/again', true);
    await put(sourceUrl, patientOf('again', 'B'));
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(moved.repairs).toMatchObject([{ kind: 'hard-deleted', reference: 'Patient/gone' }]);
    expect(await statusOf(targetUrl, 'Patient/gone')).toBe(404);
    expect(await statusOf(targetUrl, 'Patient/again')).toBe(200);
  }, 60_000);

  it('are applied all, also when they are more than a certificate lists', async () => {
    const { sourceUrl, targetUrl } = services;
    const many = Array.from({ length: 1_050 }, (_, index) => ({
      ...patientOf(`many-${index}`),
      meta: { versionId: '1', lastUpdated: '2026-01-01T00:00:00.000Z' },
    }));
    await importLines(services, targetUrl, many);
    await put(sourceUrl, patientOf('many-0'));
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(moved.repairs.filter(({ reference }) => reference.includes('many-'))).toHaveLength(
      1_050,
    );
  }, 120_000);

  it('of what was moved before and is written again under its id are followed too', async () => {
    const { sourceUrl, targetUrl } = services;
    await put(sourceUrl, patientOf('twice'));
    await put(sourceUrl, patientOf('twice', 'B'));
    expect(verdictOf(await services.run(await services.start()))).toBe('equal');
    await remove(sourceUrl, 'Patient/twice', true);
    await put(sourceUrl, patientOf('twice', 'C'));
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    const held = await (await fetch(`${targetUrl}/Patient/twice`)).json();
    expect(held).toMatchObject({ meta: { versionId: '1' }, name: [{ family: 'C' }] });
  }, 60_000);

  it.each(['by this migration', 'by an earlier one'])(
    'of old versions, purged after they were copied %s, are followed too',
    async (by) => {
      const { sourceUrl, targetUrl } = services;
      const id = by.replaceAll(' ', '-');
      await put(sourceUrl, patientOf(id));
      await put(sourceUrl, patientOf(id, 'B'));
      const purge = async () => {
        const url = `${sourceUrl}/Patient/${id}/$purge-history`;
        expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
      };
      if (by === 'by an earlier one') {
        expect(verdictOf(await services.run(await services.start()))).toBe('equal');
        await purge();
      }
      let purged = by === 'by an earlier one';
      const moved = await services.run(await services.start(), async (step) => {
        if (step !== 'beginProof' || purged) return;
        purged = true;
        await purge();
      });
      expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
      const history = await (await fetch(`${targetUrl}/Patient/${id}/_history`)).json();
      expect(history).toMatchObject({ entry: [{ resource: { meta: { versionId: '2' } } }] });
    },
    60_000,
  );

  it('of an id that a write of an earlier instant takes up again are followed, and foreign work is left alone', async () => {
    const { sourceUrl, targetUrl } = services;
    const stamped = (id: string, family: string, lastUpdated: string) => ({
      ...patientOf(id, family),
      meta: { versionId: '1', lastUpdated },
    });
    await importLines(services, sourceUrl, [
      stamped('late-life', 'former', '2026-03-02T00:00:00.000Z'),
      stamped('worked-on', 'source', '2026-03-02T00:00:00.000Z'),
    ]);
    let stirred = false;
    const moved = await services.run(await services.start(), async (step) => {
      if (step !== 'beginProof' || stirred) return;
      stirred = true;
      await remove(sourceUrl, 'Patient/late-life', true);
      await importLines(services, sourceUrl, [
        stamped('late-life', 'new', '2026-03-01T00:00:00.000Z'),
      ]);
      await remove(targetUrl, 'Patient/worked-on', true);
      await importLines(services, targetUrl, [
        stamped('worked-on', 'elsewhere', '2026-03-03T00:00:00.000Z'),
      ]);
    });
    const heldOf = async (id: string) => (await fetch(`${targetUrl}/Patient/${id}`)).json();
    expect(await heldOf('late-life')).toMatchObject(patientOf('late-life', 'new'));
    expect(await heldOf('worked-on')).toMatchObject(patientOf('worked-on', 'elsewhere'));
    expect(moved.repairs).toContainEqual(
      expect.objectContaining({ kind: 'hard-deleted', reference: 'Patient/late-life' }),
    );
    expect(verdictOf(moved)).toBe('different');
    await remove(targetUrl, 'Patient/worked-on', true);
  }, 60_000);
});
