import { normalise, type Recording } from './recordings.ts';
import { runScenario, type ScenarioRun } from './scenario-driver.ts';

/** Where the engine ends an instance by name and the real host hangs, corrupts or refuses later (see refused-shape.ts). */
export const refusedHere: Readonly<Record<string, string>> = {
  'activity-unknown-uncaught': 'UNKNOWN_ACTIVITY',
  'fatal-child-own-id': 'CHILD_ID_IN_USE',
  'fatal-numeric-event': 'NUMERIC_EVENT_NAME',
  'fatal-numeric-event-clash': 'NUMERIC_EVENT_NAME',
  'fatal-relist-activity': 'TASK_LISTED_TWICE',
  'fatal-relist-timer': 'TASK_LISTED_TWICE',
  'start-with-version': 'VERSION_NOT_SERVED',
};

/** Other deliberate differences, each with its reason. */
export const differsHere: Readonly<Record<string, string>> = {
  'start-unknown-and-bad-ids': 'ids that a storage account refuses are answered 400 at once',
  'start-inputs':
    'a body of blanks is answered 400; the extension starts an instance that then fails',
  'http-refused': 'fetch does not speak to port 1, so the error text is another one',
};

/** Parallel work whose completions may share a batch or not (conformance README). */
export const timingDiffers: ReadonlySet<string> = new Set(['entity-all-calls']);

interface Event {
  readonly EventType: number;
  readonly EventId: number;
}

function spelled(events: readonly Event[]): string {
  return events.map((event) => `${event.EventType}#${event.EventId}`).join(' ');
}

async function statusDifferences(run: ScenarioRun, recorded: Recording): Promise<string[]> {
  const differences: string[] = [];
  for (const [id, final] of Object.entries(recorded.final)) {
    if (/guid-/.test(id)) continue;
    const want = final.withoutHistory?.body ?? final.body;
    const got = (await run.status(id)).body ?? {};
    for (const field of ['runtimeStatus', 'output', 'customStatus', 'input']) {
      const [a, b] = [want[field], got[field]].map((value) => JSON.stringify(normalise(value)));
      if (a !== b) differences.push(`${id} ${field}: recorded ${a}, here ${b}`);
    }
  }
  return differences;
}

/** The last payload of every instance: event types, ids and played flags, in order. */
function historyDifferences(run: ScenarioRun, recorded: Recording): string[] {
  const differences: string[] = [];
  for (const [id, { episodes }] of Object.entries(recorded.instances)) {
    if (/guid-/.test(id)) continue;
    let full: readonly Event[] = [];
    for (const episode of episodes) {
      full = episode.historyReset === true ? episode.newEvents : [...full, ...episode.newEvents];
    }
    const last = run.episodes.get(id)?.at(-1)?.history ?? [];
    const played = last.map((event) => Number(event.IsPlayed)).join('');
    const want = `${spelled(full)} played ${episodes.at(-1)?.played}`;
    const got = `${spelled(last)} played ${played}`;
    if (want !== got) differences.push(`${id} history: recorded ${want}, here ${got}`);
  }
  return differences;
}

/** Runs a recorded scenario and tells every difference: HTTP codes, final states, last histories. */
export async function differences(recorded: Recording): Promise<readonly string[]> {
  const run = await runScenario(recorded.scenario);
  try {
    const codes = recorded.api.map((call) => call.response.status).join(' ');
    const here = run.apiStatuses.join(' ');
    const api = codes === here ? [] : [`HTTP codes: recorded ${codes}, here ${here}`];
    const histories = timingDiffers.has(recorded.scenario) ? [] : historyDifferences(run, recorded);
    return [...api, ...(await statusDifferences(run, recorded)), ...histories];
  } finally {
    await run.close();
  }
}
