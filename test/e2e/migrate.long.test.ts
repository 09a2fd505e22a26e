import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { endsWell, equal, hostOf, preparedMigration } from './migration-run.ts';

describe('npm run migrate -- --once', () => {
  it('moves everything, and the certificate says so and is sound', async () => {
    const { run, result } = await preparedMigration();
    const migration = run();
    await endsWell(migration);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 240_000);

  it('goes on by itself when the Functions host is killed in the middle', async () => {
    const { run, result } = await preparedMigration();
    const migration = run();
    process.kill(await hostOf(migration), 'SIGKILL');
    await endsWell(migration);
    expect(migration.output()).toMatch(/it runs again/);
    expect((await result()).summary).toMatchObject(equal);
  }, 240_000);
});
