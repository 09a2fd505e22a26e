import {
  asSet,
  type Generation,
  generationsHere,
  isParallel,
  recordedGenerations,
} from './generations.ts';
import { normalise, spelled } from './normalise.ts';
import type { RecordedAnswer, Recording } from './recordings.ts';
import { runScenario, type ScenarioRun } from './scenario-driver.ts';

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The places where two normalised values differ. */
function places(where: string, want: unknown, got: unknown): readonly string[] {
  if (!isPlain(want) || !isPlain(got) || Array.isArray(want) !== Array.isArray(got)) {
    const [a, b] = [JSON.stringify(want), JSON.stringify(got)];
    return a === b ? [] : [`${where}: recorded ${a}, here ${b}`];
  }
  const keys = [...new Set([...Object.keys(want), ...Object.keys(got)])];
  return keys.flatMap((key) => places(`${where}.${key}`, want[key], got[key]));
}

function differ(where: string, recorded: unknown, here: unknown): readonly string[] {
  return places(where, normalise(recorded), normalise(here));
}

const comparedHeaders = ['location', 'retry-after', 'content-type', 'x-ms-continuation-token'];

/** The recorded subset of an answer; a continuation token is the store's own, so only its presence counts. */
function answer({ status, headers = {}, body }: RecordedAnswer) {
  const kept = comparedHeaders
    .filter((name) => (headers[name] ?? '') !== '')
    .map((name) => [name, name === 'x-ms-continuation-token' ? '<token>' : headers[name]]);
  return { status, headers: Object.fromEntries(kept), body: body ?? '' };
}

function apiDifferences(run: ScenarioRun, recorded: Recording): readonly string[] {
  const calls = Math.max(recorded.api.length, run.answers.length);
  return Array.from({ length: calls }, (_, i) => i).flatMap((i) => {
    const [want, got] = [recorded.api[i], run.answers[i]];
    const where = `call ${i}: ${want?.request.method} ${want?.request.path}`;
    if (want === undefined || got === undefined) return differ(where, want?.response, got);
    return differ(where, answer(want.response), answer(got));
  });
}

/** A status with its history as a set. */
function withSortedHistory(of: ReturnType<typeof answer>): unknown {
  const { body } = of;
  if (!isPlain(body) || !Array.isArray(body['historyEvents'])) return of;
  return { ...of, body: { ...body, historyEvents: body['historyEvents'].map(spelled).sort() } };
}

async function finalDifferences(run: ScenarioRun, recorded: Recording): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const [id, final] of Object.entries(recorded.final)) {
    if (/guid-/.test(id)) continue;
    const generations = recordedGenerations(recorded.instances[id]);
    const shape = generations.some(({ events }) => isParallel(events)) ? withSortedHistory : answer;
    const [want, got] = [answer(final), answer(await run.status(id))];
    differences.push(...differ(`final ${id}`, shape(want), shape(got)));
    if (final.withoutHistory === undefined) continue;
    const plain = answer(await run.status(id, {}));
    differences.push(...differ(`final ${id} plain`, answer(final.withoutHistory), plain));
  }
  return differences;
}

function generationDifferences(where: string, want: Generation, got: Generation | undefined) {
  if (got === undefined) return [`${where} did not run here`];
  const beginning = differ(`${where} start`, [want.input, want.parent], [got.input, got.parent]);
  if (isParallel(want.events))
    return [
      ...beginning,
      ...differ(`${where} set of events`, asSet(want.events), asSet(got.events)),
    ];
  return [
    ...beginning,
    ...differ(`${where} events`, want.events, got.events),
    ...differ(
      `${where} played, episodes`,
      [want.played, want.episodes],
      [got.played, got.episodes],
    ),
  ];
}

function instanceDifferences(
  id: string,
  recorded: readonly Generation[],
  here: readonly Generation[],
): readonly string[] {
  return [
    ...differ(`${id} generations`, recorded.length, here.length),
    ...recorded.flatMap((want, i) => generationDifferences(`${id} generation ${i}`, want, here[i])),
  ];
}

/** Payloads instance by instance; ids that are GUIDs are matched by what ran under them. */
function payloadDifferences(run: ScenarioRun, recorded: Recording): readonly string[] {
  const want = Object.entries(recorded.instances);
  const got = [...run.episodes].map(([id, episodes]) => [id, generationsHere(episodes)] as const);
  const ids = (of: readonly (readonly [string, unknown])[]) => of.map(([id]) => spelled(id)).sort();
  return [
    ...differ('instances', ids(want), ids(got)),
    ...want.flatMap(([id, instance]) => {
      const found = got
        .filter(([other]) => spelled(other) === spelled(id))
        .map(([, here]) => instanceDifferences(id, recordedGenerations(instance), here))
        .sort((a, b) => a.length - b.length);
      return found[0] ?? [`${id} did not run here`];
    }),
  ];
}

interface WorkerCall {
  readonly name: string;
  readonly input: unknown;
}

function callDifferences(run: ScenarioRun, recorded: Recording): readonly string[] {
  const calls = (of: readonly WorkerCall[] = []) =>
    of.map(({ name, input }) => spelled({ name, input: input ?? null })).sort();
  return [
    ...differ('activity calls', calls(recorded.activities), calls(run.activities)),
    ...differ('entity calls', calls(recorded.entities), calls(run.entities)),
  ];
}

/** Runs a recorded scenario and tells every difference: answers, final states, payloads, calls of the worker. */
export async function differences(recorded: Recording): Promise<readonly string[]> {
  const run = await runScenario(recorded.scenario);
  try {
    return [
      ...apiDifferences(run, recorded),
      ...(await finalDifferences(run, recorded)),
      ...payloadDifferences(run, recorded),
      ...callDifferences(run, recorded),
    ];
  } finally {
    await run.close();
  }
}
