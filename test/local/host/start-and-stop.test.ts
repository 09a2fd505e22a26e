import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  failingStart,
  fixture,
  type HostProcess,
  startApp,
  temporaryFolder,
} from './host-process.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let app: string;
let number = 0;
beforeEach(() => {
  number += 1;
  app = join(folder.path, `app-${number}`);
  mkdirSync(app);
  write('package.json', '{ "main": "index.js" }');
});

function write(name: string, text: string): void {
  writeFileSync(join(app, name), text);
}

const sdk = JSON.stringify(join(fixture('.'), '../../../../node_modules/@azure/functions'));
const oneFunction = `const { app } = require(${sdk});\napp.get('one', () => ({ body: 'one' }));\n`;

async function refusal(...args: readonly string[]): Promise<string> {
  const { code, text } = await failingStart(['--app', app, '--port', '0', ...args]);
  expect(code).toBe(1);
  expect(text).toMatch(/^The Functions host did not start\. /);
  return text;
}

describe('the host does not start, and says why, when', () => {
  it.each([
    ['an entry that throws', 'throw new Error("broken entry");', 'broken entry'],
    ['an entry that registers nothing', 'exports.a = 1;', 'No function was registered'],
    ['the same name twice', `${oneFunction}app.get('ONE', () => ({}));`, 'registered twice'],
    ['a bad name', `${oneFunction}app.get('1 2', () => ({}));`, '"1 2" has a bad name'],
    ['HTTP streaming', `${oneFunction}app.setup({ enableHttpStream: true });`, 'enableHttpStream'],
    [
      'a schedule that is none',
      `${oneFunction}app.timer('t', { schedule: '61 * * * * *', handler() {} });`,
      'its second "61" is not valid',
    ],
    [
      'a schedule that never comes',
      `${oneFunction}app.timer('t', { schedule: '0 0 0 30 2 *', handler() {} });`,
      'no such day exists',
    ],
    [
      'a setting that is not set',
      `${oneFunction}app.timer('t', { schedule: '%NOT_SET%', handler() {} });`,
      'app setting NOT_SET',
    ],
    [
      'a queue without storage',
      `${oneFunction}app.storageQueue('q', { queueName: 'q', connection: 'NONE', handler() {} });`,
      'app setting NONE',
    ],
    [
      'an unknown route constraint',
      `${oneFunction}app.get('r', { route: 'r/{id:integer}', handler() {} });`,
      'unknown constraint "integer"',
    ],
    [
      'a route with an open brace',
      `${oneFunction}app.get('r', { route: 'r/{id', handler() {} });`,
      'brace that is not closed',
    ],
  ])('the app has %s', async (_, code, complaint) => {
    write('index.js', code);
    expect(await refusal()).toContain(complaint);
  });

  it('the port is in use', async () => {
    write('index.js', oneFunction);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await refusal('--port', String(port))).toContain(`Port ${port} is in use`);
    other.close();
  });

  it('another process keeps its state in the same folder', async () => {
    write('index.js', oneFunction);
    const data = ['--data', join(app, 'data')];
    const first = await startApp(app, data);
    expect(await refusal(...data, '--take-over', '0')).toContain('is in use by another process');
    await first.kill();
    const next = await startApp(app, data);
    await next.kill();
  });
});

describe('the host', () => {
  it('runs CommonJS apps, without a route prefix when host.json says so', async () => {
    const host = await startApp(fixture('commonjs-app'));
    expect(await (await fetch(`${host.url}/hello`)).text()).toBe('Hello, world!');
    expect(await (await fetch(`${host.url}/hello/you`)).text()).toBe('Hello, you!');
    await host.kill();
  });

  it('runs a single entry file, and reads commented JSON with a byte order mark', async () => {
    write('index.js', oneFunction);
    write('host.json', '\uFEFF{\n  // why not\n  "version": "2.0" /* "1.0" */\n}');
    const host = await startApp(join(app, 'index.js'));
    expect(await (await fetch(`${host.url}/api/one`)).text()).toBe('one');
    await host.kill();
  });

  it('ends a function that exceeds functionTimeout with 500', async () => {
    write('host.json', '{ "functionTimeout": "00:00:00.1000000" }');
    write('index.js', `${oneFunction}app.get('hangs', () => new Promise(() => {}));`);
    const host = await startApp(app);
    expect((await fetch(`${host.url}/api/hangs`)).status).toBe(500);
    expect(host.log()).toContain('Timeout value of 0.1 seconds exceeded by function "hangs"');
    await host.kill();
  });

  it('leaves functions alone that settings disable', async () => {
    write('index.js', oneFunction);
    const host = await startApp(app, [], { 'AzureWebJobs.one.Disabled': 'true' });
    expect((await fetch(`${host.url}/api/one`)).status).toBe(404);
    await host.kill();
  });

  it('names what the app asks for and it does not run', async () => {
    const host = await startApp(fixture('typescript-app'));
    expect(host.log()).toContain('Function "blobs" has the trigger type "blobTrigger"');
    expect(host.log()).toContain('Function "withOutput" has the output "outgoing" of type "queue"');
    await host.kill();
  });

  it('asks function-level callers for no key when told so, admin-level ones still', async () => {
    const host = await startApp(fixture('typescript-app'), ['--open-functions']);
    expect((await fetch(`${host.url}/api/secured`)).status).toBe(200);
    expect((await fetch(`${host.url}/api/manage`)).status).toBe(401);
    await host.kill();
  });

  it.skipIf(process.platform === 'win32')('ends with code 0 on SIGTERM', async () => {
    const host = await startApp(fixture('commonjs-app'));
    expect(await host.terminate()).toBe(0);
  });

  it('takes keys from its caller', async () => {
    const keys = ['--system-key', 's', '--function-key', 'f', '--master-key', 'm'];
    const host = await startApp(fixture('commonjs-app'), keys);
    expect(host.keys).toEqual({ system: 's', function: 'f', master: 'm' });
    await host.kill();
  });

  it('lets running functions finish when its parent is gone, then ends with code 0', async () => {
    const host = await startApp(fixture('typescript-app'));
    const lingering = fetch(`${host.url}/api/lingers`);
    await running(host, 'lingers');
    const [answer, code] = await Promise.all([lingering, host.stop()]);
    expect(await answer.text()).toBe('finished after the order to stop');
    expect(code).toBe(0);
  });

  it('closes in bounded time although a function never ends', async () => {
    const host = await startApp(fixture('typescript-app'), ['--drain', '0']);
    const hanging = fetch(`${host.url}/api/slow`).catch(() => 'connection lost');
    await running(host, 'slow');
    expect(await host.stop()).toBe(0);
    expect(await hanging).toBe('connection lost');
    expect(host.log()).toContain('closed while 1 invocation(s) were running');
  });
});

function running(host: HostProcess, name: string): Promise<true> {
  return eventually(async () => {
    const answer = await fetch(`${host.url}/_control/status`);
    const { invocations } = (await answer.json()) as {
      readonly invocations: Record<string, { readonly running: number }>;
    };
    return invocations[name]?.running === 1 && (true as const);
  });
}
