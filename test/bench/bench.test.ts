import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benchNames } from '../../bench/catalogue.ts';
import { median } from '../../bench/median.ts';
import { ratio, table } from '../../bench/table.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

async function bench(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, said };
}

describe('npm run bench', () => {
  it('with an unknown name, or none, lists the known ones', async () => {
    for (const args of [['nothing'], []]) {
      const { code, said } = await bench(...args);
      expect(code).toBe(1);
      for (const name of benchNames()) expect(said).toContain(name);
    }
    expect(benchNames()).toEqual(
      expect.arrayContaining(['endurance', 'engine', 'startup', 'sync']),
    );
  });

  it('refuses an unknown option and a size out of range, and says what is right', async () => {
    expect(await bench('engine', '--scale', '0')).toMatchObject({
      code: 1,
      said: expect.stringContaining('--scale must be a number from 0.001 to 10, not "0"'),
    });
    expect((await bench('engine', '--fast')).said).toContain('usage: npm run bench');
  });

  it('writes the figures to the file of --summary, in exactly the agreed shape', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const file = join(folder, 'summary.json');
    const { code, said } = await bench('startup', '--summary', file, '--scale', '0.001');
    expect(said).toContain('start to first answer of a function');
    expect(code).toBe(0);
    const summary = JSON.parse(readFileSync(file, 'utf8'));
    rmSync(folder, { recursive: true });
    expect(Object.keys(summary).sort()).toEqual(['bench', 'date', 'rows', 'versions']);
    expect(summary).toMatchObject({
      bench: 'startup',
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      versions: { node: process.versions.node },
    });
    for (const row of summary.rows) {
      expect(row).toEqual({
        case: expect.any(String),
        unit: 'ms',
        higherIsBetter: false,
        ours: expect.any(Number),
        others: { 'empty Node': expect.any(Number) },
      });
    }
  });
});

describe('the table', () => {
  const row = { case: 'c', unit: 'u', ours: 20, others: { other: 10 } };

  it('says how many times better ours is, whichever way is better', () => {
    expect(ratio({ ...row, higherIsBetter: true }, 10)).toBe(2);
    expect(ratio({ ...row, higherIsBetter: false }, 10)).toBe(0.5);
    const text = table({ versions: { node: '1' }, rows: [{ ...row, higherIsBetter: false }] });
    expect(text).toContain('less is better');
    expect(text).toContain('×0.50');
  });
});

describe('the median', () => {
  it('has as many values at or below it as at or above it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value <= middle).length;
        const above = values.filter((value) => value >= middle).length;
        expect(Math.min(below, above) * 2).toBeGreaterThanOrEqual(values.length);
      }),
    );
  });
});
