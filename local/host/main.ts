import process from 'node:process';
import { readCommandLine } from './command-line.ts';
import { runAsProcess } from './run-as-process.ts';

/** `node local/host/main.ts --app DIR --port 7071 --data DIR` */
await runAsProcess(() => readCommandLine(process.argv.slice(2), process.env));
