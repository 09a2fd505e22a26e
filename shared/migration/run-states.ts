import { AppError } from '../errors.ts';

/**
 * The life of a migration as a table: what may happen in which state, and what
 * state comes of it. No other combination exists, so no state needs a hand
 * (facts/reliability.md, fault 10).
 */
const transitions = {
  preparing: { prepared: 'copying', blocked: 'blocked', stopped: 'stopped' },
  copying: {
    prepared: 'copying',
    caughtUp: 'waiting',
    held: 'paused',
    blocked: 'blocked',
    frozen: 'verifying',
    stopped: 'stopped',
  },
  waiting: {
    caughtUp: 'waiting',
    found: 'copying',
    held: 'paused',
    blocked: 'blocked',
    frozen: 'verifying',
    stopped: 'stopped',
  },
  paused: { held: 'paused', released: 'copying', stopped: 'stopped' },
  blocked: { blocked: 'blocked', released: 'copying', stopped: 'stopped' },
  verifying: {
    verified: 'completed',
    different: 'different',
    frozen: 'verifying',
    caughtUp: 'waiting',
    found: 'copying',
    blocked: 'blocked',
    stopped: 'stopped',
  },
  different: { released: 'copying', reopened: 'copying', stopped: 'stopped' },
  stopped: { released: 'copying', reopened: 'copying' },
  /** Only by order to try again what is in quarantine. */
  completed: { reopened: 'copying' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

export type RunState = keyof typeof transitions;

export type RunEvent =
  | 'prepared'
  | 'caughtUp'
  | 'found'
  | 'held'
  | 'released'
  | 'reopened'
  | 'blocked'
  | 'frozen'
  | 'verified'
  | 'different'
  | 'stopped';

/** The state after the event; undefined when the event cannot happen in this state. */
export function stateAfter(state: RunState, event: RunEvent): RunState | undefined {
  const row: Readonly<Partial<Record<RunEvent, RunState>>> = transitions[state];
  return row[event];
}

/** @throws AppError CONFLICT that names the state and what is possible in it */
export function requireTransition(state: RunState, event: RunEvent): RunState {
  const next = stateAfter(state, event);
  if (next !== undefined) return next;
  const possible = Object.keys(transitions[state]).join(', ') || 'nothing';
  throw new AppError(
    'CONFLICT',
    `the migration is ${state}; "${event}" cannot happen now, only: ${possible}`,
  );
}

/** True when no orchestration is at work in this state. */
export function isAtRest(state: RunState): boolean {
  return ['stopped', 'completed', 'different'].includes(state);
}

export const runStates = Object.keys(transitions).filter(
  (name): name is RunState => name in transitions,
);
