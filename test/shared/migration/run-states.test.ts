import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isAtRest,
  type RunEvent,
  type RunState,
  requireTransition,
  stateAfter,
} from '../../../shared/migration/index.ts';
import { runStates } from '../../../shared/migration/run-states.ts';

const events: readonly RunEvent[] = [
  'prepared',
  'caughtUp',
  'found',
  'held',
  'released',
  'reopened',
  'blocked',
  'frozen',
  'verified',
  'different',
  'stopped',
];
const start: RunState = 'preparing';

describe('the life of a migration', () => {
  it('reaches every state from the start', () => {
    const reached = new Set<RunState>([start]);
    for (const state of reached) {
      for (const event of events) {
        const next = stateAfter(state, event);
        if (next !== undefined) reached.add(next);
      }
    }
    expect([...reached].sort()).toEqual([...runStates].sort());
  });

  it('has no state that only a hand in the tables could leave: each leads to completion', () => {
    const leads = (state: RunState, seen: ReadonlySet<RunState>): boolean =>
      state === 'completed' ||
      events.some((event) => {
        const next = stateAfter(state, event);
        return next !== undefined && !seen.has(next) && leads(next, new Set([...seen, next]));
      });
    for (const state of runStates) expect(leads(state, new Set([state])), state).toBe(true);
  });

  it('can be stopped from every state in which something is going on', () => {
    for (const state of runStates.filter((name) => !isAtRest(name))) {
      expect(stateAfter(state, 'stopped'), state).toBe('stopped');
    }
  });

  it('refuses what cannot happen and says what can', () => {
    expect(() => requireTransition('completed', 'released')).toThrow(/completed.*only: reopened/);
    expect(() => requireTransition('stopped', 'frozen')).toThrow(/only: released, reopened/);
  });

  it('never leaves its states, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (happened) => {
        let state: RunState = start;
        for (const event of happened) state = stateAfter(state, event) ?? state;
        expect(runStates).toContain(state);
      }),
    );
  });
});
