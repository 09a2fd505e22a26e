import { runScenario } from './scenario-driver.ts';

/** How a scenario ends of which no recording is here; taken from the findings of the conformance README. */
export interface Ending {
  readonly status: string;
  readonly output?: unknown;
  /** HTTP codes of the scenario's own calls. */
  readonly codes?: string;
  /** When the scenario drives other instances than the one that has its name. */
  readonly instance?: string;
}

const completed = (output: unknown): Ending => ({ status: 'Completed', output });
const fellApart = expectText('Non-Deterministic workflow detected');
const nonDeterministic: Ending = { status: 'Failed', output: fellApart };

function expectText(part: string): unknown {
  return { contains: part };
}

export const unrecorded: Readonly<Record<string, Ending>> = {
  'fan-out-5': completed([0, 1, 2, 3, 4]),
  'fan-out-fail-then-continue': completed({ contains: '"n":"after"' }),
  'any-event-timeout': completed('timeout'),
  'retry-ok': completed('second'),
  'retry-backoff': completed(4),
  'retry-exhausted-caught': completed({ contains: "Activity function 'Fail' failed:  always" }),
  'sub-ids': completed({ contains: '"self":"sub-ids-named"' }),
  'sub-retry-ok': completed('second'),
  'event-left-open': completed('returned'),
  'can-undefined': completed({ input: null }),
  'return-undefined': completed(null),
  'return-null': completed(null),
  'return-float': completed(1.5),
  'return-array': completed([1, 'b']),
  'return-true': completed(true),
  'event-before-first-episode': completed('fast'),
  'event-data-kinds': {
    ...completed('007'),
    instance: 'event-data-kinds-5',
    codes: '400 400 202 202 202 202 202 202 202 202 202 202 400',
  },
  'event-sequential-buffered': completed([1, 2, 3]),
  'can-buffered-during-activity': { status: 'Running' },
  'timer-long-3-hops': completed('after long'),
  'timer-just-under-max': completed('after long'),
  'entity-call': completed([3, 7, 7]),
  'entity-throws': completed({ caught: '[object Object]' }),
  'entity-unknown-op': completed({ r: 'undefined' }),
  'terminate-waiting': {
    status: 'Terminated',
    output: 'enough',
    codes: '202 202 410 410 410 410 412',
  },
  'rewind-activity': { ...completed('second'), codes: '202 202 412 404' },
  'singleton-conflict': {
    ...completed('two'),
    codes: '202 409 409 202 409 202 202 202 202 202',
  },
  'purge-by-id': {
    status: 'Running',
    instance: 'purge-running',
    codes: '202 200 404 404 202 412 202',
  },
  'list-and-purge-filters': {
    status: 'Running',
    instance: 'lst-run',
    codes: '200 200 200 200 200 200 200 200 400 200 404 200 404 200',
  },
  'entity-http-api': {
    status: 'undefined',
    codes: '404 202 200 202 202 404 200 400 404',
  },
  'fatal-nondeterministic-name': nonDeterministic,
  'any-retry-wins-timer-cancelled': nonDeterministic,
  'race-timer-first-retry': nonDeterministic,
  'race-retry-vs-timer-then-end': completed([true, 'R ok 2']),
  'race-all-vs-timer-then-more': completed([true, [1, 2], 'n', 'm']),
  'loop-any-fresh-event-task': completed({ stopped: 'ev', rounds: true, x: 'after' }),
  'race-reminder-then-approve': completed([['reminded', 'approved'], 'end']),
  'race-timer-wins-retry-open': completed([true, 'n', 'm', 'o']),
  'retry-then-race-timer': completed(['ok', 'b', 'c']),
  'race-child-with-retry-inside': completed([true, 'second', 'n']),
};

function isPart(output: unknown): output is { readonly contains: string } {
  return typeof output === 'object' && output !== null && 'contains' in output;
}

/** What of `ending` a run of the scenario does not come to. */
export async function missed(name: string, ending: Ending): Promise<readonly string[]> {
  const run = await runScenario(name);
  try {
    const { body } = await run.status(ending.instance ?? name, {});
    const { runtimeStatus, output } = (body ?? {}) as Record<string, unknown>;
    const wrong: string[] = [];
    if (String(runtimeStatus) !== ending.status) wrong.push(`status ${runtimeStatus}`);
    const text = JSON.stringify(output);
    if (isPart(ending.output)) {
      if (!text.includes(ending.output.contains)) wrong.push(`output ${text}`);
    } else if ('output' in ending && text !== JSON.stringify(ending.output))
      wrong.push(`output ${text}`);
    const codes = run.answers.map(({ status }) => status).join(' ');
    if (ending.codes !== undefined && codes !== ending.codes) wrong.push(`codes ${codes}`);
    return wrong;
  } finally {
    await run.close();
  }
}
