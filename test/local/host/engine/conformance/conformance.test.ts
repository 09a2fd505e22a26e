import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { differences } from './compare.ts';
import { runPlan } from './generated-runner.ts';
import { normalise } from './normalise.ts';
import { recordedIdSet } from './plan-labels.ts';
import {
  allScenarioNames,
  generatedRecordings,
  recording,
  recordingsPresent,
  scenarioNames,
} from './recordings.ts';
import { refusedHere } from './refused-here.ts';
import { runScenario } from './scenario-driver.ts';
import { missed, unrecorded } from './unrecorded.ts';

const absent =
  'recordings of the real extension are not beside this checkout; conformance is not tested';

describe.runIf(recordingsPresent)('against recordings of the real durable extension', () => {
  const recorded = recordingsPresent ? scenarioNames() : [];
  const plans = recordingsPresent ? generatedRecordings() : [];
  const isRefused = (name: string): boolean => name in refusedHere;
  const counted = { same: 0, refused: 0, plans: 0, numbered: 0 };
  const compared = recorded.filter((name) => !isRefused(name));
  const refusals = recorded.filter(isRefused);
  const others = recordingsPresent
    ? allScenarioNames().filter((name) => !recorded.includes(name))
    : [];

  afterAll(() => {
    const { same, refused } = counted;
    const different = recorded.length - same - refused;
    console.log(
      `recordings: ${same} same, ${refused} refused by design, ${different} different; generated plans: ${counted.plans} of ${plans.length} same, ${counted.numbered} with the same sets of event types and ids`,
    );
  });

  test.each(compared)('%s gives the recorded answers, payloads, calls and ending', async (name) => {
    expect(await differences(recording(name))).toEqual([]);
    counted.same += 1;
  });

  test.each([...refusals, ...others.filter(isRefused)])(
    '%s, which hangs or corrupts on Azure, fails at once by name',
    async (name) => {
      const run = await runScenario(name);
      const { body } = await run.status(name);
      await run.close();
      expect(body).toMatchObject({
        runtimeStatus: 'Failed',
        output: expect.stringContaining(`${refusedHere[name]}: `),
      });
      if (recorded.includes(name)) counted.refused += 1;
    },
  );

  test.each(others.filter((name) => !isRefused(name)))(
    '%s, not recorded here, ends as the findings say',
    async (name) => {
      const ending = unrecorded[name];
      if (ending === undefined) throw new Error(`say in unrecorded.ts how ${name} ends`);
      expect(await missed(name, ending)).toEqual([]);
    },
  );

  test.each(plans)('generated plan $seed has the recorded ending', async (plan) => {
    const { status, output, customStatus, sets } = await runPlan(plan);
    expect({ status, output: normalise(output), customStatus }).toEqual({
      status: plan.status,
      output: normalise(plan.output),
      customStatus: plan.customStatus,
    });
    counted.plans += 1;
    const recordedSets = Object.entries(plan.instances).map(([label, generations]) => [
      label,
      generations.map(({ history }) => recordedIdSet(history)),
    ]);
    if (isDeepStrictEqual(sets, Object.fromEntries(recordedSets))) counted.numbered += 1;
  });

  // Two recordings of the real extension differ in 3 of 200: parallel retries take numbers as they come.
  test('at least 95 of 100 generated plans have the recorded event types and ids throughout', () => {
    expect(counted.numbered).toBeGreaterThanOrEqual(0.95 * plans.length);
  });
});

test.skipIf(recordingsPresent)(absent, () => undefined);
