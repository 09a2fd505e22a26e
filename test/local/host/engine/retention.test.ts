import { expect, test } from 'vitest';
import { startTestEngine } from '../../../../local/host/testing/index.ts';

const dayMs = 86_400_000;

test('ended instances are removed when their time is over, waiting ones never', async () => {
  const engine = await startTestEngine({
    purgeAfter: dayMs,
    handlers: {
      orchestrations: {
        *quick(context) {
          return yield context.df.callActivity('work', {});
        },
        *patient(context) {
          yield context.df.waitForExternalEvent('never');
        },
      },
      activities: { work: () => 'done' },
    },
  });
  const { clock, call } = engine;
  const status = async (id: string) => (await call('GET', `instances/${id}`)).status;
  const until = async (at: number) => engine.run(() => clock.now() >= at);
  const began = clock.now();
  for (const id of Array.from({ length: 1_200 }, (_, index) => `old-${index}`)) {
    await call('POST', `orchestrators/quick/${id}`);
  }
  await call('POST', 'orchestrators/patient/waiting');
  await until(began + dayMs / 2);
  await call('POST', 'orchestrators/quick/younger');
  await engine.settle();
  expect(await status('old-0')).toBe(200);

  await until(began + 1.2 * dayMs);
  const { body } = await call('GET', 'instances?instanceIdPrefix=old');
  expect(body).toEqual([]);
  expect(await status('younger')).toBe(200);
  expect(await status('waiting')).toBe(202);

  await until(began + 1.7 * dayMs);
  expect(await status('younger')).toBe(404);
  expect(await status('waiting')).toBe(202);
  await engine.engine.stop();
});
