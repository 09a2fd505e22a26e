import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  fixture,
  type HostProcess,
  startApp,
  temporaryFolder,
} from './host-process.ts';

const data = temporaryFolder();
let host: HostProcess;
beforeAll(async () => {
  host = await startApp(fixture('samples-app'), ['--data', data.path]);
});
afterAll(async () => {
  await host.kill();
  data.remove();
});

interface Started {
  readonly id: string;
  readonly statusQueryGetUri: string;
}

async function start(orchestrator: string, input: unknown): Promise<Started> {
  const answer = await fetch(`${host.url}/api/orchestrators/${orchestrator}`, {
    method: 'POST',
    body: JSON.stringify(input),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as Started;
}

interface Status {
  readonly runtimeStatus: string;
  readonly output: unknown;
}

const statusOf = async ({ statusQueryGetUri }: Started): Promise<Status> =>
  (await (await fetch(statusQueryGetUri)).json()) as Status;

const completed = (started: Started): Promise<Status> =>
  eventually(async () => {
    const status = await statusOf(started);
    return ['Completed', 'Failed'].includes(status.runtimeStatus) && status;
  });

describe('a durable app in the style of the public samples runs unchanged', () => {
  it('function chaining', async () => {
    const started = await start('helloSequence', {});
    expect(await completed(started)).toMatchObject({
      runtimeStatus: 'Completed',
      output: ['Hello, Tokyo', 'Hello, Seattle', 'Hello, London'],
    });
  });

  it('fan-out and fan-in', async () => {
    const started = await start('fanOutFanIn', { count: 20 });
    expect(await completed(started)).toMatchObject({ runtimeStatus: 'Completed', output: 2870 });
  });

  it.each([
    ['yes', 'approved'],
    ['no', 'refused'],
  ])('human interaction, answered %s, ends as %s', async (decision, output) => {
    const started = await start('approval', { minutes: 60 });
    await eventually(async () => (await statusOf(started)).runtimeStatus === 'Running');
    await fetch(`${host.url}/api/approve/${started.id}/${decision}`, { method: 'POST' });
    expect(await completed(started)).toMatchObject({ runtimeStatus: 'Completed', output });
  });

  it('human interaction that nobody answers is escalated', async () => {
    const started = await start('approval', { minutes: 0.002 });
    expect(await completed(started)).toMatchObject({ output: 'escalated' });
  });

  it('monitor: polls until it is clear, then alerts; and gives up at its end', async () => {
    const clear = await start('monitor', { city: 'Oslo', pollMilliseconds: 20, minutes: 60 });
    expect(await completed(clear)).toMatchObject({
      runtimeStatus: 'Completed',
      output: 'alerted',
    });
    const never = await start('monitor', { city: 'Rain', pollMilliseconds: 20, minutes: 0.001 });
    expect(await completed(never)).toMatchObject({ output: 'expired' });
  });

  it('sub-orchestrations with retry: each child is run again until it succeeds', async () => {
    const started = await start('provisionDevices', { devices: ['d1', 'd2'] });
    expect(await completed(started)).toMatchObject({
      runtimeStatus: 'Completed',
      output: ['d1 provisioned', 'd2 provisioned'],
    });
  });

  it('a sub-orchestration that keeps failing fails its parent when the attempts are used up', async () => {
    const started = await start('provisionDevices', { devices: ['broken'] });
    const { runtimeStatus, output } = await completed(started);
    expect(runtimeStatus).toBe('Failed');
    expect(output).toContain('device out of reach');
  });

  it('entities', async () => {
    const started = await start('countTo', { times: 3 });
    expect(await completed(started)).toMatchObject({ runtimeStatus: 'Completed', output: 3 });
  });
});

describe('durable management', () => {
  it('asks for the system key, and its path ignores case', async () => {
    const path = `${host.url}/RUNTIME/webhooks/DurableTask/instances/none`;
    expect((await fetch(path)).status).toBe(401);
    expect((await fetch(`${path}?code=${host.keys.system}`)).status).toBe(404);
  });

  it('survives the death of the process: the instance goes on and the keys stay', async () => {
    const started = await start('approval', { minutes: 60 });
    await eventually(async () => (await statusOf(started)).runtimeStatus === 'Running');
    const before = host.keys;
    await host.kill();
    host = await startApp(fixture('samples-app'), ['--data', data.path]);
    expect(host.keys).toEqual(before);
    const again = { ...started, statusQueryGetUri: moved(started.statusQueryGetUri) };
    await fetch(`${host.url}/api/approve/${started.id}/yes`, { method: 'POST' });
    expect(await completed(again)).toMatchObject({ output: 'approved' });
  });
});

function moved(address: string): string {
  const { pathname, search } = new URL(address);
  return `${host.url}${pathname}${search}`;
}
