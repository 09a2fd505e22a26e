import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type MovingServices,
  patientOf,
  put,
  remove,
  startMovingServices,
  statusOf,
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
    expect([
      moved.state,
      moved.certificate.kind,
      moved.certificate.kind === 'sound' && moved.certificate.certificate?.verdict,
    ]).toEqual(['completed', 'sound', 'equal']);
    expect(moved.repairs).toMatchObject([{ kind: 'hard-deleted', reference: 'Patient/gone' }]);
    expect(await statusOf(targetUrl, 'Patient/gone')).toBe(404);
    expect(await statusOf(targetUrl, 'Patient/again')).toBe(200);
  }, 60_000);
});
