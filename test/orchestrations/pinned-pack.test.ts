import { describe, expect, it } from 'vitest';
import { type Scenario, scenarios } from '../replay/scenarios.ts';
import { inputFor, runSync } from './scripted-activities.ts';

/** Activities that look at no map; every other one names the pack that it works with. */
const mapless = ['claimWaiters', 'clearWithheld', 'confirmConsent', 'recordOutcomes'];

async function packsOf({ input, script }: Scenario): Promise<readonly (readonly unknown[])[]> {
  const { activityCalls } = await runSync(input, script);
  return activityCalls
    .filter(({ name }) => !mapless.includes(name))
    .map(({ name, input: given }) => [name, (given as { packHash?: string }).packHash]);
}

describe('the pack that a change set began with', () => {
  it.each(Object.entries(scenarios))(
    'is that of all its steps, children and releases: %s',
    async (_name, scenario) => {
      const packs = await packsOf(scenario);
      expect(packs.length).toBeGreaterThan(2);
      expect(packs.filter(([, hash]) => hash !== 'pack-at-the-start')).toEqual([]);
    },
  );

  it('is the one that its start named', async () => {
    const { changes } = scenarios['one-change']!.input;
    const packs = await packsOf({ input: inputFor(changes, { packHash: 'other' }), script: {} });
    expect(new Set(packs.map(([, hash]) => hash))).toEqual(new Set(['other']));
  });

  it('reaches the patients whose consent turned', async () => {
    const names = (await packsOf(scenarios['follow-ups']!)).map(([name]) => name);
    expect(names).toContain('withdrawPatient');
    expect(names).toContain('findCompartment');
    expect(names).toContain('reviewPatients');
  });
});
