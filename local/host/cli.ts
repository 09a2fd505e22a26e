import process from 'node:process';
import { keepCompiledCode } from './compile-cache.ts';

keepCompiledCode();
const { readCommandLine, usage } = await import('./command-line.ts');
const { HostError } = await import('./host-error.ts');
const { runAsProcess } = await import('./run-as-process.ts');

/** `node local/host/cli.ts start --app DIR`: main.ts under the words of the Functions tools. */
await runAsProcess(() => {
  const [command, ...args] = process.argv.slice(2);
  if (command !== 'start') {
    throw new HostError(
      'ARGUMENT_INVALID',
      `Say what to do: node local/host/cli.ts start --app DIR.\n${usage}`,
    );
  }
  return readCommandLine(args, process.env);
});
