import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readCommandLine } from '../../../local/host/command-line.ts';
import { HostError, startHost } from '../../../local/host/index.ts';
import { temporaryFolder } from './host-process.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let app: string;
let number = 0;
beforeEach(() => {
  number += 1;
  app = join(folder.path, `app-${number}`);
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "main": "index.js" }');
  writeFileSync(join(app, 'index.js'), 'throw new Error("must not be loaded");');
});

/** The app is never loaded here, so these starts need no process of their own. */
async function refusal(settingsFile?: string): Promise<HostError> {
  const ending = await startHost({ app, port: 0, environment: {}, settingsFile }).catch(
    (problem: unknown) => problem,
  );
  if (ending instanceof HostError) return ending;
  throw new Error(`expected a HostError, got ${ending}`);
}

describe('a settings file stops the start, naming file and place, never the value, when', () => {
  it.each([
    ['host.json', '{\n  "version": "2.0",\n  "extensions": }', 'line 3, column 17'],
    ['host.json', '{ "functionTimeout": "soon-secret" }', 'functionTimeout: expected a time'],
    ['host.json', '{ "version": "1.0" }', 'version: expected "2.0"'],
    ['host.json', '[]', 'the document: '],
    ['host.json', '', 'line 1, column 1'],
    ['host.json', '{ "extensions": { "queues": { "batchSize": 33 } } }', 'queues.batchSize: '],
    [
      'host.json',
      '{ "extensions": { "durableTask": { "hubName": "a b" } } }',
      'hubName: expected 3 to 45 letters',
    ],
    ['local.settings.json', '{ "Values": { "KEY": "secret" "B": 1 } }', 'line 1, column 31'],
    ['local.settings.json', '{ "Values": { "DEEP": { "a": 1 } } }', 'Values.DEEP: expected a text'],
    ['local.settings.json', '{ "IsEncrypted": true }', 'func settings decrypt'],
    ['package.json', '{ "main": ', 'line 1, column 10'],
  ])('%s is %s', async (name, text, complaint) => {
    writeFileSync(join(app, name), text);
    const { code, message } = await refusal();
    expect(code).toBe('SETTINGS_INVALID');
    expect(message).toContain(join(app, name));
    expect(message).toContain(complaint);
    expect(message).not.toContain('secret');
  });

  it('it was asked for by name and is not there', async () => {
    const missing = join(app, 'absent.json');
    expect((await refusal(missing)).message).toContain(`no settings file ${missing}`);
  });
});

describe('an app that cannot be found', () => {
  it('is no folder', async () => {
    app = join(folder.path, 'absent');
    expect(await refusal()).toMatchObject({
      code: 'APP_NOT_FOUND',
      message: expect.stringContaining(app),
    });
  });

  it('is a folder without package.json, or with a main that matches nothing', async () => {
    writeFileSync(join(app, 'package.json'), '{ "main": "dist/*.js" }');
    expect((await refusal()).message).toContain('No file matches "main": "dist/*.js"');
    app = join(app, 'empty');
    mkdirSync(app);
    expect((await refusal()).message).toContain('has no package.json');
  });
});

describe('the command line', () => {
  it.each([
    [['--port', 'http'], '--port must be a whole number from 0 to 65535, not "http"'],
    [['--port', '65536'], '--port must be'],
    [['--port', '-1'], '--port'],
    [['--log-level', 'loud'], '--log-level must be one of'],
    [['--drain', '1.5'], '--drain must be'],
    [['--unknown'], 'usage:'],
    [['stray'], 'usage:'],
  ])('%j is refused', (args, complaint) => {
    expect(() => readCommandLine(args, {})).toThrow(HostError);
    expect(() => readCommandLine(args, {})).toThrow(complaint);
  });

  it('has defaults for everything but the app', () => {
    expect(readCommandLine([], {})).toMatchObject({ app: '.', port: 7071, keys: {} });
    expect(
      readCommandLine(['--port', '0', '--system-key', 'k', '--log-level', 'DEBUG'], {}),
    ).toMatchObject({ port: 0, keys: { system: 'k' }, logLevel: 'debug' });
  });
});
