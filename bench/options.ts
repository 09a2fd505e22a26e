import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.ts';

export interface CommandOptions {
  readonly name: string | undefined;
  readonly summary: string | undefined;
  readonly keep: boolean;
  readonly scale: number;
  readonly resources: number | undefined;
}

export const usage = `usage: npm run bench -- NAME [options]
  --summary FILE   write the figures as JSON
  --keep           write them to bench/results/NAME-DATE.json too
  --scale X        part of the full size, from 0.001 to 10 (default 1)
  --resources N    resources of the large store of stand-ins (default 100000 times the scale)
`;

const flags = {
  summary: { type: 'string' },
  keep: { type: 'boolean', default: false },
  scale: { type: 'string', default: '1' },
  resources: { type: 'string' },
} as const;

/** @throws BenchError naming the argument and how to correct it */
export function readOptions(args: readonly string[]): CommandOptions {
  const { values, positionals } = parse(args);
  const scale = Number(values.scale);
  if (!(scale >= 0.001 && scale <= 10)) {
    throw new BenchError(`--scale must be a number from 0.001 to 10, not "${values.scale}".`);
  }
  const resources = values.resources === undefined ? undefined : Number(values.resources);
  if (resources !== undefined && !(Number.isInteger(resources) && resources >= 1_000)) {
    throw new BenchError(`--resources must be a whole number of at least 1000.`);
  }
  const [name, ...more] = positionals;
  if (more.length > 0) throw new BenchError(`One benchmark at a time, not ${more.length + 1}.`);
  return { name, summary: values.summary, keep: values.keep, scale, resources };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : 'wrong arguments'}\n${usage}`);
  }
}
