import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { endsWell, equal, hostOf, preparedMigration } from './migration-run.ts';

describe('npm run migrate -- --once', () => {
  it('goes on where it was when all of it is killed and started again, and the certificate says equal and is sound', async () => {
    const { run, result } = await preparedMigration();
    const first = run();
    await hostOf(first);
    first.child.kill('SIGKILL');
    await first.ended();
    // At once: what is left of the first run is waited for.
    const second = run();
    await endsWell(second);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 150_000);

  it('goes on by itself when the Functions host is killed in the middle', async () => {
    const { run, result } = await preparedMigration();
    const migration = run();
    process.kill(await hostOf(migration), 'SIGKILL');
    await endsWell(migration);
    expect(migration.output()).toMatch(/it runs again/);
    expect((await result()).summary).toMatchObject(equal);
  }, 240_000);
});
