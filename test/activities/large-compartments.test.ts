import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompartmentPlace } from '../../activities/index.ts';
import { type RunningSystem, startSystem } from '../support/running-system.ts';
import { encounter, patient } from '../support/sample-resources.ts';
import { freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
}, 60_000);
afterAll(() => system.close());

const guid = (index: number): string =>
  `6f9619ff-8b86-d011-b42d-${String(index).padStart(12, '0')}`;

describe('a patient with very much about them', () => {
  it('is gone through a bounded part at a time, and nothing is left out', async () => {
    const id = freshId('long');
    await system.put(patient(id, 'Long'));
    const ids = Array.from({ length: 230 }, (_, index) => `${id}-${index}`);
    for (const one of ids) await system.put(encounter(one, `Patient/${id}`));
    const found: string[] = [];
    const sizes: number[] = [];
    let from: CompartmentPlace | undefined;
    do {
      const place = from === undefined ? {} : { from };
      const answer = await system.activities.findCompartment({
        ...{ patient: `Patient/${id}`, pass: 'pass', ...place },
      });
      found.push(...answer.changes.map((change) => `${change.resourceType}/${change.id}`));
      sizes.push(answer.changes.length);
      expect(JSON.stringify(answer).length).toBeLessThan(45 * 1024);
      from = answer.next;
    } while (from !== undefined);
    expect(found.toSorted()).toEqual(
      [`Patient/${id}`, ...ids.map((one) => `Encounter/${one}`)].sort(),
    );
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(200);
  }, 60_000);

  it('is withdrawn a bounded number of rows at a time, the contact last', async () => {
    const id = freshId('wide');
    await system.put(patient(id, 'Wide'));
    await syncPass(system.worker(), [`Patient/${id}`]);
    const [contact] = await rowsFor(system.deps, `Patient/${id}`);
    const lookup = { table: 'contact', id: contact!.id };
    await system.person.execute(
      Array.from({ length: 450 }, (_, index) => ({
        ...{ kind: 'create' as const, table: 'msemr_encounter', id: guid(index) },
        row: {
          msemr_azurefhirid: `${id}-${index}`,
          msemr_encounterpatientidentifier: { lookup },
        },
      })),
    );
    await system.remove(`Patient/${id}`);
    const sizes: number[] = [];
    for (let more = true; more; ) {
      expect(await rowsFor(system.deps, `Patient/${id}`)).toHaveLength(1);
      const answer = await system.activities.withdrawPatient({ patient: `Patient/${id}` });
      expect(JSON.stringify(answer).length).toBeLessThan(45 * 1024);
      sizes.push(answer.rows.length);
      more = answer.more;
    }
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(451);
    expect(await rowsFor(system.deps, `Patient/${id}`)).toEqual([]);
  }, 60_000);
});
