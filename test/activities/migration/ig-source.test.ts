import { expect, it } from 'vitest';
import { token } from '../../shared/bulk/ig-server.ts';
import { startIgService } from './ig-service.ts';
import { patientOf, put, startMovingServices, statusOf, verdictOf } from './moving-services.ts';

const lines = (resources: readonly object[]): string =>
  resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');

const deleteOf = (...references: readonly string[]) => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: references.map((url) => ({ request: { method: 'DELETE', url } })),
});

it('a source with $export by the Bulk Data Access IG is moved: pages, tokens, ended links, deletes told apart', async () => {
  const source = await startIgService();
  const held = [];
  for (const id of ['a', 'b', 'c', 'again']) held.push(await put(source.plainUrl, patientOf(id)));
  const ig = await source.serve({
    files: {
      'Patient-1.ndjson': lines(held.slice(0, 2)),
      'Patient-2.ndjson': lines(held.slice(2)),
    },
    deleted: { 'Bundle-1.ndjson': lines([deleteOf('Patient/gone'), deleteOf('Patient/again')]) },
    filesPerPage: 1,
    requiresAccessToken: true,
    polls: [{ status: 202, headers: { 'retry-after': '1', 'x-progress': '10%' } }],
  });
  let ended = 0;
  source.beforeFile = (name) => {
    if (name !== 'Patient-2.ndjson' || ended > 0) return;
    ended += 1;
    ig.expireLinks();
  };
  const services = await startMovingServices({ source: { url: source.url, token } });
  try {
    await put(services.targetUrl, patientOf('gone'));
    const moved = await services.run(await services.start());
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect(ended).toBe(1);
    expect(moved.ledger['Patient']).toEqual({
      ...{ exported: 4, loaded: 4, present: 0, quarantined: 0 },
    });
    expect(moved.repairs).toMatchObject([
      { kind: 'deleted', reference: 'Patient/gone', detail: 'the source names it as deleted' },
    ]);
    expect(await statusOf(services.targetUrl, 'Patient/gone')).toBe(404);
    expect(await statusOf(services.targetUrl, 'Patient/again')).toBe(200);
  } finally {
    await services.close();
  }
}, 90_000);
