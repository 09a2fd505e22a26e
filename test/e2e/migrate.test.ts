import { describe, expect, it } from 'vitest';
import { equal, hostOf, preparedMigration } from './migration-run.ts';

describe('npm run migrate -- --once', () => {
  it('goes on where it was when all of it is killed and started again, and the certificate says equal and is sound', async () => {
    const { run, result } = await preparedMigration();
    const first = run();
    await hostOf(first);
    first.child.kill('SIGKILL');
    await first.ended();
    const second = run();
    expect(await second.ended(), second.output()).toBe(0);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 240_000);
});
