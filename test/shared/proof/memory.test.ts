import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createClosureCheck, createDigest, writeDigest } from '../../../shared/proof/index.ts';
import { population } from './proof-samples.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const megabyte = 1024 * 1024;

/** Megabytes in use. Buffers are given back a turn after they were collected. */
async function held(): Promise<number> {
  collect();
  await setImmediate();
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / megabyte;
}

it('a digest is as big after a million entries as after a tenth of it', async () => {
  const digest = createDigest();
  const bytes: number[] = [];
  const sizes: number[] = [];
  let count = 0;
  const [sample] = population(1);
  if (sample === undefined) throw new Error('an empty population');
  while (count < 1_000_000) {
    digest.add({ ...sample, id: `r-${count}` });
    count += 1;
    if (count === 100_000 || count === 1_000_000) {
      sizes.push(await held());
      bytes.push(writeDigest(digest).length);
    }
  }
  expect(digest.count).toBe(1_000_000);
  expect((sizes[1] ?? Number.NaN) - (sizes[0] ?? 0)).toBeLessThan(16);
  expect(bytes[1]).toBeLessThanOrEqual((bytes[0] ?? 0) + 1_000);
});

it('a closure check holds a million ids of both sides in the memory it promises', async () => {
  const before = await held();
  const closure = createClosureCheck();
  for (let id = 0; id < 1_000_000; id += 1) {
    closure.addId('source', 'Patient', `p-${id}`);
    closure.addId('target', 'Patient', `p-${id}`);
  }
  expect((await held()) - before).toBeLessThan(45);
  expect(closure.finish().local).toBe(0);
});
