import { describe, expect, test } from 'vitest';
import { differences, differsHere, refusedHere } from './compare.ts';
import { runPlan } from './generated-runner.ts';
import {
  generatedRecordings,
  normalise,
  recording,
  recordingsPresent,
  scenarioNames,
} from './recordings.ts';
import { runScenario } from './scenario-driver.ts';

const absent =
  'recordings of the real extension are not beside this checkout; conformance is not tested';

describe.runIf(recordingsPresent)('against recordings of the real durable extension', () => {
  const names = recordingsPresent ? scenarioNames() : [];
  const alike = names.filter((name) => !(name in refusedHere) && !(name in differsHere));

  test('every recording is compared or is a listed difference', () => {
    expect(alike.length + Object.keys(refusedHere).length + Object.keys(differsHere).length).toBe(
      names.length,
    );
  });

  test.each(alike)('%s ends with the recorded status, output, codes and history', async (name) => {
    expect(await differences(recording(name))).toEqual([]);
  });

  test.each(Object.entries(refusedHere))(
    '%s, fatal on Azure, fails at once as %s',
    async (name, code) => {
      const run = await runScenario(name);
      const { body } = await run.status(name);
      await run.close();
      expect(body['runtimeStatus']).toBe('Failed');
      expect(body['output']).toContain(code);
    },
  );

  const plans = recordingsPresent ? generatedRecordings() : [];
  test.each(plans)('generated plan $seed has the recorded ending', async (recorded) => {
    const { status, output, customStatus } = await runPlan(recorded);
    expect({ status, output: normalise(output), customStatus }).toEqual({
      status: recorded.status,
      output: normalise(recorded.output),
      customStatus: recorded.customStatus,
    });
  });
});

test.skipIf(recordingsPresent)(absent, () => undefined);
