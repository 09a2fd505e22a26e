import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runOrchestrator } from '../../local/host/testing/index.ts';
import { resyncPatient } from '../../orchestrations/resync-patient.ts';
import { syncChanges } from '../../orchestrations/sync-changes.ts';
import { activityHandler } from '../../triggers/activity-handler.ts';
import { change, inputFor, scripted } from './scripted-activities.ts';

const canary = 'Krankheitsgeschichte-4711';

/** Errors of the kinds that really happen inside activities, each of which quotes what it was working on. */
const quoting: readonly (readonly [string, () => never])[] = [
  ['a JSON parser', () => JSON.parse(`{"family": ${canary}`) as never],
  [
    'a property access',
    () => {
      throw new TypeError(`Cannot read properties of undefined (reading '${canary}')`);
    },
  ],
  [
    'a message of several lines',
    () => {
      throw new Error(`first line\n    at ${canary} (x.ts:1:1)\nlast line`);
    },
  ],
  [
    'something that is no error',
    () => {
      throw { message: canary, stack: canary };
    },
  ],
];

describe('nothing clinical gets into the durable history', () => {
  it.each(quoting)('when an activity stumbles in %s', async (_name, stumble) => {
    let calls = 0;
    const logged: unknown[] = [];
    const handler = activityHandler(async () => {
      calls += 1;
      return calls < 3
        ? stumble()
        : { current: [], gone: [], consentTurns: [], ended: [], failed: [] };
    });
    const run = await runOrchestrator(syncChanges, {
      input: inputFor([change('Patient/a')]),
      orchestrations: { syncChanges, resyncPatient },
      activities: {
        ...scripted({}),
        readChanges: (input, context) => {
          context.error = (...items: readonly unknown[]) => void logged.push(...items);
          return handler(input, context);
        },
      },
    });
    expect(calls).toBeGreaterThan(2);
    const kept = JSON.stringify([run, logged]);
    expect(kept).toContain('INTERNAL');
    expect(kept).not.toContain(canary);
  });

  it('every activity of the app is registered behind that guard', () => {
    const app = readFileSync(new URL('../../triggers/app.ts', import.meta.url), 'utf8');
    const registered = app.match(/df\.app\.activity\(/g) ?? [];
    const guarded = app.match(
      /df\.app\.activity\(name, \{ handler: (?:activityHandler\(activity\)|withMetrics\(name, activityHandler\(activity\)\)) \}\)/g,
    );
    expect(registered.length).toBeGreaterThan(0);
    expect(guarded).toHaveLength(registered.length);
  });
});
