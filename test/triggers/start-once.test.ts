import { OrchestrationRuntimeStatus } from 'durable-functions';
import { describe, expect, it } from 'vitest';
import { startOnce } from '../../triggers/start-once.ts';

const refused = new Error('The operation failed with an unexpected status code: 409.');
const start = { name: 'syncChanges', instanceId: 'sync-1', input: {} };

/** A durable client whose start fails, beside an instance in some state. */
function client(status: OrchestrationRuntimeStatus | undefined) {
  return {
    startNew: () => Promise.reject(refused),
    getStatus: (instanceId: string) =>
      status === undefined
        ? Promise.reject(new Error('404'))
        : Promise.resolve({ instanceId, runtimeStatus: status }),
  };
}

const { Running, Pending, Suspended, ContinuedAsNew, Completed, Failed, Terminated, Canceled } =
  OrchestrationRuntimeStatus;

describe('a start that fails', () => {
  it.each([Running, Pending, Suspended, ContinuedAsNew, Completed])(
    'is no failure when the instance is %s: the work is in hand',
    async (status) => {
      expect(await startOnce(client(status), start)).toBe('running');
    },
  );

  it.each([Failed, Terminated, Canceled, undefined])(
    'fails when the instance is %s, so that the sender tries again',
    async (status) => {
      await expect(startOnce(client(status), start)).rejects.toBe(refused);
    },
  );
});
