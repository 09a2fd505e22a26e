import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHostJson } from '../../../../local/host/settings/host-json.ts';

const folder = mkdtempSync(join(tmpdir(), 'host-json-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(hostJson: unknown) {
  writeFileSync(join(folder, 'host.json'), JSON.stringify(hostJson));
  return readHostJson(folder);
}

describe('host.json', () => {
  it('that says nothing means the defaults of Azure, and those of one machine', () => {
    expect(read({ version: '2.0' })).toMatchObject({
      routePrefix: 'api',
      functionTimeout: 1_800_000,
      queues: { batchSize: 16, newBatchThreshold: 8, maxDequeueCount: 5, base64: true },
      durable: {
        hubName: 'LocalHub',
        maxConcurrentActivities: undefined,
        purgeAfter: 30 * 86_400_000,
      },
      logLevel: undefined,
    });
  });

  it('is honoured, with parts that mean nothing here left alone', () => {
    const settings = read({
      functionTimeout: '-1',
      extensionBundle: { id: 'any', version: '[4.0.0, 5.0.0)' },
      logging: { applicationInsights: {}, logLevel: { default: 'Warning' } },
      extensions: {
        http: { routePrefix: '/v1/api/' },
        queues: {
          batchSize: 4,
          visibilityTimeout: '00:00:10',
          messageEncoding: 'None',
          maxDequeueCount: 9,
        },
        durableTask: {
          hubName: 'SyncHub',
          maxConcurrentActivityFunctions: 7,
          maxConcurrentOrchestratorFunctions: 3,
          storageProvider: { type: 'azureManaged' },
        },
      },
    });
    expect(settings).toMatchObject({
      routePrefix: 'v1/api',
      functionTimeout: undefined,
      queues: {
        batchSize: 4,
        newBatchThreshold: 2,
        visibilityTimeout: 10_000,
        base64: false,
        maxDequeueCount: 9,
      },
      durable: { hubName: 'SyncHub', maxConcurrentActivities: 7, maxConcurrentOrchestrators: 3 },
      logLevel: 'warning',
    });
  });
});
