import type { OrchestrationHandler } from 'durable-functions';
import { HandlerWorker } from '../../local/host/testing/index.ts';

export interface Payload {
  readonly history: readonly object[];
  readonly [name: string]: unknown;
}

/** What an orchestrator answers the host; `actions` are all since the start (facts/durable-host.md 1.4). */
export interface Answer {
  readonly isDone: boolean;
  readonly actions: readonly (readonly object[])[];
  readonly output?: unknown;
  readonly error?: string;
}

/**
 * The life of one orchestration instance as the durable host keeps it. Histories
 * only grow and so do actions, so the last payload and the last answer hold those
 * of all episodes: each episode is told by how much of both it had.
 */
export interface RecordedHistory {
  readonly orchestration: string;
  readonly payload: Payload;
  readonly answer: Answer;
  readonly episodes: readonly { readonly events: number; readonly actions: number }[];
}

/** Runs the orchestration through every recorded episode on the SDK's executor; gives the answers. */
export async function replay(
  handler: OrchestrationHandler,
  { payload, episodes }: RecordedHistory,
): Promise<readonly Answer[]> {
  const worker = new HandlerWorker({ orchestrations: { story: handler }, activities: {} });
  const answers: Answer[] = [];
  for (const [index, { events }] of episodes.entries()) {
    const history = payload.history.slice(0, events);
    const episode = { ...payload, history, isReplaying: index > 0 };
    answers.push(await answerOf(worker, episode));
  }
  return answers;
}

/** The answers that the recorded instance gave. */
export function recordedAnswers({ answer, episodes }: RecordedHistory): readonly Answer[] {
  const all = answer.actions[0] ?? [];
  return episodes.map(({ actions }, index) =>
    index === episodes.length - 1
      ? answer
      : { isDone: false, actions: [all.slice(0, actions)], schemaVersion: 3 },
  );
}

/** A failed orchestrator throws, with its answer after a label (facts/durable-host.md 1.4). */
export async function answerOf(worker: HandlerWorker, payload: Payload): Promise<Answer> {
  try {
    return (await worker.invokeOrchestrator('story', payload)) as Answer;
  } catch (error) {
    const [, state = '{}'] = String(error).split('$OutOfProcData$:');
    return JSON.parse(state) as Answer;
  }
}
