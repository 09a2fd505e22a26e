import { describe, expect, it } from 'vitest';
import { equal, hostOf, preparedMigration } from './migration-run.ts';

describe('npm run migrate -- --once', () => {
  it('moves everything, and the certificate says so and is sound', async () => {
    const { run, result } = await preparedMigration();
    const migration = run();
    expect(await migration.ended(), migration.output()).toBe(0);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 240_000);

  it('goes on where it was when all of it is killed and started again on the same data', async () => {
    const { run, result } = await preparedMigration();
    const first = run();
    await hostOf(first);
    first.child.kill('SIGKILL');
    await first.ended();
    const second = run();
    expect(await second.ended(), second.output()).toBe(0);
    expect((await result()).summary).toMatchObject(equal);
  }, 240_000);
});
