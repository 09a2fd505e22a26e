import type { Activities, ActivityDependencies } from '../../activities/index.ts';
import type { DataverseRow } from '../../shared/dataverse/index.ts';
import type { Change } from '../../shared/events/index.ts';
import type { FailedResource, ResourceEnding } from '../../shared/outcomes/index.ts';
import { rootQuery, rowsOf } from '../../shared/rows/index.ts';
import { activitiesOf } from './running-system.ts';

type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

let made = 0;

/** An id that no other test uses. */
export function freshId(stem: string): string {
  made += 1;
  return `${stem}-${process.pid}-${made}`;
}

export function changeOf(reference: string, more: Partial<Change> = {}): Change {
  const [resourceType = '', id = ''] = reference.split('/');
  return {
    changeId: freshId('change'),
    resourceType,
    id,
    kind: 'updated',
    cause: 'event',
    occurredAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

/** The current versions as the steps after reading get them. */
export async function currentOf(
  deps: ActivityDependencies,
  ...references: readonly string[]
): Promise<Answer<'readChanges'>['current']> {
  const changes = references.map((reference) => changeOf(reference));
  return (await activitiesOf(deps).readChanges({ changes })).current;
}

export interface Pass {
  readonly read: Answer<'readChanges'>;
  readonly consent: Answer<'decideConsent'>;
  readonly upserted: Answer<'upsertRows'>;
  readonly expanded: readonly Answer<'expandRows'>[];
  readonly identified: Answer<'writeBackIdentifiers'>;
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/**
 * The steps of a change set in their order, without an orchestration.
 * @param times how often each activity is run; the answer of its last run counts
 */
export async function syncPass(
  deps: ActivityDependencies,
  references: readonly string[],
  times = 1,
): Promise<Pass> {
  const run = activitiesOf(deps);
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let time = 1; time < times; time += 1) await work();
    return work();
  };
  const changes = references.map((reference) => changeOf(reference));
  const read = await again(() => run.readChanges({ changes }));
  const removed = await again(() => run.removeRows({ references: read.gone }));
  const consent = await again(() => run.decideConsent({ resources: read.current }));
  if (consent.refused.length > 0) {
    await again(() => run.withdrawRows({ references: consent.refused }));
  }
  const upserted = await again(() => run.upsertRows({ resources: consent.permitted }));
  const rows = new Map(upserted.written.map((row) => [row.reference, row]));
  const expanded = await Promise.all(
    upserted.expansions.map(({ references: some, ...task }) =>
      again(() =>
        run.expandRows({ ...task, rows: some.flatMap((reference) => rows.get(reference) ?? []) }),
      ),
    ),
  );
  const identified = await again(() => run.writeBackIdentifiers({ rows: upserted.written }));
  const steps = [read, removed, consent, upserted, ...expanded, identified];
  return {
    read,
    consent,
    upserted,
    expanded,
    identified,
    ended: steps.flatMap(({ ended }) => ended),
    failed: steps.flatMap(({ failed }) => failed),
  };
}

/** The root rows of a resource with these columns, however many there are. */
export async function rowsFor(
  { dataverse, pack }: ActivityDependencies,
  reference: string,
  columns: readonly string[] = [],
): Promise<readonly DataverseRow[]> {
  const [type = '', id = ''] = reference.split('/');
  const root = pack.roots.get(type);
  if (root === undefined) return [];
  const [result] = await dataverse.execute([rootQuery(root, [id], columns)]);
  return rowsOf(result);
}

export async function childRows(
  { dataverse, pack }: ActivityDependencies,
  reference: string,
  expansionName: string,
): Promise<readonly DataverseRow[]> {
  const [type = ''] = reference.split('/');
  const expansion = pack.roots.get(type)?.expansions.find(({ name }) => name === expansionName);
  const [parent] = await rowsFor({ dataverse, pack } as ActivityDependencies, reference);
  if (expansion === undefined || parent === undefined) return [];
  const [result] = await dataverse.execute([
    {
      kind: 'query',
      table: expansion.table,
      select: expansion.columns,
      filter: { column: expansion.parentColumn, equals: parent.id },
    },
  ]);
  return rowsOf(result);
}
