import { readdirSync, readFileSync } from 'node:fs';
import type { OrchestrationHandler } from 'durable-functions';
import { describe, expect, it } from 'vitest';
import { resyncPatient } from '../../orchestrations/resync-patient.ts';
import type { Orchestration } from '../../orchestrations/steps.ts';
import { syncChanges } from '../../orchestrations/sync-changes.ts';
import { type RecordedHistory, recordedAnswers, replay } from './replay-history.ts';

const folder = new URL('./histories/', import.meta.url);
const files = readdirSync(folder).toSorted();
const recorded = (file: string): RecordedHistory =>
  JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

const today: Readonly<Record<string, OrchestrationHandler>> = { syncChanges, resyncPatient };

describe('an instance that was under way goes on with the code of today', () => {
  it('the recordings speak of both orchestrations, retries, fan-outs, pauses and children', () => {
    const histories = files.map(recorded);
    expect(new Set(histories.map(({ orchestration }) => orchestration))).toEqual(
      new Set(Object.keys(today)),
    );
    const types = histories.flatMap(({ answer }) =>
      (answer.actions[0] ?? []).map((action) => (action as { actionType: number }).actionType),
    );
    // CallActivityWithRetry, CallSubOrchestrator, CreateTimer, WhenAll
    expect([...new Set(types)].toSorted((one, other) => one - other)).toEqual([1, 2, 5, 12]);
  });

  it.each(files)('%s: the same actions at every step', async (file) => {
    const history = recorded(file);
    const answers = await replay(today[history.orchestration]!, history);
    expect(answers).toEqual(recordedAnswers(history));
  });
});

/** The story with each call of one activity made under the other's name: as if their lines had changed places. */
const exchanged =
  (one: string, other: string): OrchestrationHandler =>
  (context) => {
    const exchange = (name: string) => (name === one ? other : name === other ? one : name);
    const df = new Proxy(context.df, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (name !== 'callActivityWithRetry') return value.bind(target);
        return (activity: string, ...rest: readonly unknown[]) =>
          value.call(target, exchange(activity), ...rest);
      },
    });
    return syncChanges(
      new Proxy(context, {
        get: (target, name) => (name === 'df' ? df : Reflect.get(target, name)),
      }),
    );
  };

const variants: readonly (readonly [string, OrchestrationHandler])[] = [
  ['reordered activities', exchanged('writeBackIdentifiers', 'confirmConsent')],
  ['reordered first activities', exchanged('readChanges', 'decideConsent')],
  [
    'an activity before all others',
    function* (context): Orchestration<unknown> {
      yield context.df.callActivity('clearWithheld', { patient: 'Patient/a' });
      return yield* syncChanges(context);
    },
  ],
  [
    'a pause before all others',
    function* (context): Orchestration<unknown> {
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
      return yield* syncChanges(context);
    },
  ],
  [
    'a decision by chance',
    function* (context): Orchestration<unknown> {
      return yield context.df.callActivity(`activity-${Math.random()}`, {});
    },
  ],
];

describe('a change that would strand instances under way turns this red', () => {
  it.each(variants)('%s', async (_name, variant) => {
    const history = recorded('one-change.sync-1.json');
    const answers = await replay(variant, history);
    expect(answers).not.toEqual(recordedAnswers(history));
  });

  it('an exchange of nothing is the story itself', async () => {
    const history = recorded('one-change.sync-1.json');
    const answers = await replay(exchanged('nobody', 'no one'), history);
    expect(answers).toEqual(recordedAnswers(history));
  });
});
