import type { DatabaseSync } from 'node:sqlite';
import { resourceTypes, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import type { Job, JobKind, JobRun } from '../jobs/index.ts';
import { isObject, type Json, parseStored } from '../json.ts';
import type { MatchQuery } from '../search/match-query.ts';
import { parseSearch } from '../search/search-request.ts';
import { selectQueries } from '../search/select.ts';
import { afterAllRows, beforeAllRows, firstSeqAt } from '../store/clock.ts';
import { type StoredVersion, storedVersion } from '../store/stored-version.ts';
import { bulkDeleteCancel, bulkDeleteStatus } from './bulk-delete-answer.ts';
import { type BulkDelete, storedRequest } from './delete-request.ts';
import { createReferenceRemover } from './remove-references.ts';

/** Resources deleted in one transaction; requests are answered in between. */
const slice = 100;

type Counts = Record<string, number>;

/** The work of `$bulk-delete`: what matched and was last updated before the job began. */
export function bulkDeleteKind(service: Service, database: DatabaseSync): JobKind {
  const tombstones = database.prepare(
    `SELECT r.seq, r.type, r.id, r.version, r.method, r.body FROM resource r INDEXED BY resource_live
     WHERE r.type = ? AND r.live = 0 AND r.seq >= ? AND r.seq < ? AND r.method = 'DELETE'
       AND r.version = (SELECT max(version) FROM resource WHERE type = r.type AND id = r.id)
     ORDER BY r.seq LIMIT ?`,
  );
  const removeReferencesTo = createReferenceRemover(database, service);

  function targets(asked: BulkDelete, query: MatchQuery): readonly StoredVersion[] {
    if (!asked.softDeletedOnly) return service.matcher.find(query, slice);
    return tombstones.all(query.type, query.from, query.to, slice).map(storedVersion);
  }

  function removeOne(asked: BulkDelete, version: StoredVersion): void {
    const { type, id } = version;
    const { agent } = asked;
    if (asked.operation === 'purge-history') {
      service.repository.purgeHistory(version, agent);
      return;
    }
    service.registry.noteDeleted(parseStored(version.body));
    if (asked.operation === 'hard') service.repository.erase(version, agent);
    else service.repository.append({ type, id, resource: {}, method: 'DELETE', agent }, version);
    if (asked.removeReferences) removeReferencesTo(version, agent);
  }

  async function run(work: JobRun): Promise<Json> {
    const asked = storedRequest(work.job.definition);
    const counts: Counts = countsOf(work.job);
    const end = firstSeqAt(work.job.createdAt + 1);
    for (const query of queriesOf(service, asked)) {
      const to = query.to < end ? query.to : end;
      for (let from = query.from; ; ) {
        const found = targets(asked, { ...query, from, to });
        service.repository.transaction(() => {
          for (const version of found) {
            removeOne(asked, version);
            counts[version.type] = (counts[version.type] ?? 0) + 1;
            from = version.seq + 1n;
          }
          work.save(counts);
        });
        service.registry.settle();
        service.wakeEvents();
        await work.pause();
        if (found.length < slice) break;
      }
    }
    return counts;
  }

  return { run, status: bulkDeleteStatus, cancel: bulkDeleteCancel };
}

function queriesOf(service: Service, asked: BulkDelete): readonly MatchQuery[] {
  const search = parseSearch(new URLSearchParams(asked.query));
  const place = { type: asked.type, patient: undefined, baseUrl: asked.baseUrl };
  const excluded = new Set(asked.excludedTypes.map(typeNumber));
  const all = asked.softDeletedOnly
    ? tombstoneQueries(asked, search)
    : selectQueries(service, place, { ...search, sort: [] }).queries;
  return all.filter(({ type }) => !excluded.has(type));
}

function tombstoneQueries(
  { type }: BulkDelete,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): readonly MatchQuery[] {
  const types = type === undefined ? resourceTypes : [type];
  return types.map((name) => ({
    type: typeNumber(name),
    criteria: [],
    ids: undefined,
    from: from > beforeAllRows ? from : beforeAllRows,
    to: to < afterAllRows ? to : afterAllRows,
    descending: false,
  }));
}

/** Counts of an earlier run of the same job, which ended with its process. */
function countsOf({ progress }: Job): Counts {
  return isObject(progress)
    ? Object.fromEntries(Object.entries(progress).map(([type, count]) => [type, Number(count)]))
    : {};
}
