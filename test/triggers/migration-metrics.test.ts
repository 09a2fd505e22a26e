import { InvocationContext } from '@azure/functions';
import { describe, expect, it } from 'vitest';
import { withMetrics } from '../../triggers/migrations/metrics.ts';

async function linesOf(step: string, answer: unknown): Promise<readonly string[]> {
  const lines: string[] = [];
  const context = new InvocationContext({
    functionName: step,
    invocationId: '1',
    logHandler: (_level, ...parts) => lines.push(parts.join(' ')),
  });
  const handler = withMetrics(step, async () => answer);
  const input = { migrationId: 'm1', window: 3, patient: 'Mrs Secret' };
  expect(await handler(input, context)).toBe(answer);
  return lines;
}

const closed = {
  ...{ kind: 'closed', exported: 5, loaded: 4, present: 1, quarantined: 0 },
  ...{ bytes: 900, seconds: 1.5 },
};

describe('metrics of a migration', () => {
  it('a closed window is one line of numbers', async () => {
    const [line = '', ...others] = await linesOf('closeWindow', closed);
    expect(others).toEqual([]);
    expect(line).toMatch(/^fds\.migration\.window \{/);
    const { kind: _, ...numbers } = closed;
    const read: unknown = JSON.parse(line.replace('fds.migration.window ', ''));
    expect(read).toEqual({ migrationId: 'm1', window: 3, ...numbers });
  });

  it('a look for hard deletes that has ended is one line, one that goes on is none', async () => {
    const [line] = await linesOf('findHardDeletes', { kind: 'looked', removed: 2 });
    expect(line).toBe('fds.migration.deletes {"migrationId":"m1","window":3,"removed":2}');
    expect(await linesOf('findHardDeletes', { kind: 'more' })).toEqual([]);
  });

  it('nothing but place and numbers gets into it', async () => {
    const lines = await linesOf('closeWindow', { ...closed, name: 'Mrs Secret' });
    expect(lines.join()).not.toContain('Secret');
  });

  it('a window that does not close, and other steps, write nothing', async () => {
    expect(await linesOf('closeWindow', { kind: 'blocked', reason: 'x' })).toEqual([]);
    expect(await linesOf('stageChunk', closed)).toEqual([]);
  });
});
