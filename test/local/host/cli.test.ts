import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fixture } from './host-process.ts';

const cli = fileURLToPath(new URL('../../../local/host/cli.ts', import.meta.url));

describe('node local/host/cli.ts', () => {
  it('start runs an app and says where, function by function', async () => {
    const args = ['start', '--app', fixture('commonjs-app'), '--port', '0'];
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    const url = await new Promise<string | undefined>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.includes('hello\n')) resolve(/Functions host at (\S+)\n/.exec(said)?.[1]);
      });
      child.once('exit', () => resolve(undefined));
    });
    expect(await (await fetch(`${url}/hello/cli`)).text()).toBe('Hello, cli!');
    child.kill('SIGKILL');
  });

  it('without a command tells what to say', async () => {
    const child = spawn(process.execPath, [cli, 'run'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(said).toContain('cli.ts start --app DIR');
  });
});
