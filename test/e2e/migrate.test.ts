import { describe, expect, it, vi } from 'vitest';
import { equal, hostOf, preparedMigration } from './migration-run.ts';

describe('npm run migrate -- --once', () => {
  it('goes on where it was when all of it is killed and started again, and the certificate says equal and is sound', async () => {
    const { run, result } = await preparedMigration();
    const first = run();
    const host = await hostOf(first);
    first.child.kill('SIGKILL');
    await first.ended();
    // It lets running steps end before it gives up its port, as it does when any parent is lost.
    await vi.waitUntil(() => !isAlive(host), { timeout: 30_000 });
    const second = run();
    expect(await second.ended(), second.output()).toBe(0);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 240_000);
});

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}
