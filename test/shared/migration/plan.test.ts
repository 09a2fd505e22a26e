import { describe, expect, it } from 'vitest';
import { migrationPlan, planChanges } from '../../../shared/migration/index.ts';

describe('changed settings', () => {
  it('hold what was named and nothing else', () => {
    expect(planChanges.parse({ windowResources: 5 })).toEqual({ windowResources: 5 });
    expect(planChanges.parse({ pauseHours: null })).toEqual({ pauseHours: null });
  });

  it.each([{}, { types: ['Patient'] }, { lagSeconds: 1 }, { windowResources: 0 }])(
    '%j is refused',
    (changes) => {
      expect(planChanges.safeParse(changes).success).toBe(false);
    },
  );
});

describe('a plan', () => {
  it('has a value for everything that was not named', () => {
    expect(migrationPlan.parse({})).toMatchObject({
      pattern: 'incremental',
      lagSeconds: 60,
      fileResources: 20_000,
      windowBytes: 20e9,
      intervalSeconds: 300,
      pollSeconds: { first: 2, most: 120 },
      cutOver: 'when-ordered',
      pauseHours: null,
    });
  });
});
