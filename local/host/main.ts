import process from 'node:process';
import { keepCompiledCode } from './compile-cache.ts';

keepCompiledCode();
const { readCommandLine } = await import('./command-line.ts');
const { runAsProcess } = await import('./run-as-process.ts');

/** `node local/host/main.ts --app DIR --port 7071 --data DIR` */
await runAsProcess(() => readCommandLine(process.argv.slice(2), process.env));
