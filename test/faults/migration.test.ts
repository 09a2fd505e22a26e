import { describe, expect, it } from 'vitest';
import { runSchedule, seedsFrom, useMigrationWorlds } from '../support/migration-suite.ts';

useMigrationWorlds();

const first = Number(process.env['FIRST'] ?? 1), count = Number(process.env['COUNT'] ?? 20);
describe('a migration under seeded faults, cuts and writers (first half)', () => {
  it.for(seedsFrom(first, count))('seed %i', async (seed) => {
    const c = process.cpuUsage(); const ran = await runSchedule(seed); const d = process.cpuUsage(c); console.log("CPU", seed, Math.round((d.user+d.system)/1000), ran.run.windows, ran.run.proofs, ran.cuts, ran.processesLost);
    expect(ran.run.state).toBe('completed');
  });
});
