import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BenchError } from './bench-error.ts';
import type { Benchmark } from './benchmark.ts';

const folder = new URL('./', import.meta.url);

/** Names of the benchmarks: each is a folder here with an index.ts. */
export function benchNames(): readonly string[] {
  return readdirSync(fileURLToPath(folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => existsSync(new URL(`${name}/index.ts`, folder)))
    .sort();
}

/** @throws BenchError listing the known names */
export async function findBench(name: string | undefined): Promise<Benchmark> {
  const known = benchNames();
  if (name === undefined || !known.includes(name)) {
    const asked = name === undefined ? 'Name a benchmark' : `There is no benchmark "${name}"`;
    throw new BenchError(`${asked}. Known: ${known.join(', ')}. Example: npm run bench -- engine`);
  }
  const { run }: { readonly run: Benchmark } = await import(`./${name}/index.ts`);
  return run;
}
