import { describe, expect, test } from 'vitest';
import { runOrchestrator } from '../../../../local/host/testing/index.ts';

const day = 86_400_000;

describe('children, events, generations', () => {
  test('an event that raced a cancelled timer before continueAsNew comes again, as on Azure, and is warned of', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const { n } = context.df.getInput() as { n: number };
        const timer = context.df.createTimer(
          new Date(context.df.currentUtcDateTime.getTime() + day),
        );
        yield context.df.Task.any([context.df.waitForExternalEvent('Go'), timer]);
        if (n === 2) return 'three generations, one event';
        timer.cancel();
        context.df.continueAsNew({ n: n + 1 });
        return undefined;
      },
      { input: { n: 0 }, events: [{ name: 'Go', data: null }] },
    );
    expect(run.output).toBe('three generations, one event');
    expect(run.warnings[0]).toContain("'Go'");
  });

  test('a child gets its input, knows its parent and fails its parent catchably', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const good = yield context.df.callSubOrchestrator('child', { fail: false });
        try {
          yield context.df.callSubOrchestrator('child', { fail: true });
        } catch (error) {
          return { good, bad: (error as Error).message.split('\n')[0] };
        }
        return 'not thrown';
      },
      {
        instanceId: 'mother',
        orchestrations: {
          child: function* (context) {
            yield context.df.createTimer(context.df.currentUtcDateTime);
            if ((context.df.getInput() as { fail: boolean }).fail) throw new Error('no');
            return context.df.parentInstanceId;
          },
        },
      },
    );
    expect(run.output).toEqual({
      good: 'mother',
      bad: "Orchestrator function 'child' failed: no ",
    });
  });

  test('an event that comes before its wait is kept for it', async () => {
    const run = await runOrchestrator(
      function* (context) {
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
        return yield context.df.waitForExternalEvent('Go');
      },
      { events: [{ name: 'Go', data: { early: true } }] },
    );
    expect(run.output).toEqual({ early: true });
  });

  test('an event in the wrong case is left alone and warned of; the right one still comes through', async () => {
    const run = await runOrchestrator(
      function* (context) {
        return yield context.df.waitForExternalEvent('Go');
      },
      {
        events: [
          { name: 'go', data: 'wrong' },
          { name: 'Go', data: 'right', afterMs: 1000 },
        ],
      },
    );
    expect(run.output).toBe('right');
    expect(run.warnings[0]).toContain("'go'");
  });

  test('an orchestration that waits for an event nobody raises is reported as running', async () => {
    const run = await runOrchestrator(function* (context) {
      return yield context.df.waitForExternalEvent('Never');
    });
    expect(run.runtimeStatus).toBe('Running');
  });

  test('continueAsNew starts over with its input and a short history', async () => {
    const run = await runOrchestrator(
      function* (context) {
        const { n } = context.df.getInput() as { n: number };
        context.df.setCustomStatus({ n });
        yield context.df.callActivity('tick', { n });
        if (n === 50) return 'far enough';
        context.df.continueAsNew({ n: n + 1 });
        return undefined;
      },
      { input: { n: 0 }, activities: { tick: () => null } },
    );
    expect(run).toMatchObject({ output: 'far enough', customStatus: { n: 50 } });
    expect(run.activityCalls).toHaveLength(51);
    expect(run.history).toHaveLength(3);
  });
});
