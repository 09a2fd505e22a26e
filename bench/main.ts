import { mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { BenchError } from './bench-error.ts';
import type { Summary } from './benchmark.ts';
import { findBench } from './catalogue.ts';
import { readOptions } from './options.ts';
import { table } from './table.ts';

/** `npm run bench -- NAME`: measures, prints a table, and writes the figures where asked. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const run = await findBench(options.name);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const measured = await run({ scale: options.scale, resources: options.resources, say });
  process.stdout.write(table(measured));
  const { versions, rows } = measured;
  const summary: Summary = {
    bench: options.name ?? '',
    date: new Date().toISOString(),
    versions,
    rows,
  };
  const text = `${JSON.stringify(summary, null, 2)}\n`;
  if (options.summary !== undefined) writeFileSync(options.summary, text);
  if (options.keep) keep(summary, text);
}

function keep(summary: Summary, text: string): void {
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${summary.bench}-${summary.date.slice(0, 10)}.json`, folder);
  writeFileSync(file, text);
  process.stdout.write(`kept in ${fileURLToPath(file)}\n`);
}

main().catch((error: unknown) => {
  const known = error instanceof BenchError;
  process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
