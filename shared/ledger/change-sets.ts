import { z } from 'zod';
import {
  emptyCounts,
  type OutcomeCounts,
  type OutcomeKind,
  outcomeKinds,
} from '../outcomes/index.ts';
import { keyPart, type RecordKey, type StateTable } from './state-table.ts';

/**
 * One record per change set, keyed by its orchestration id. A record is always
 * written whole and never incremented, so that a repeated step cannot count twice.
 * Closed sets that no redelivery can name any more are folded into one record of
 * the same shape, so that totals read what is recent only. `taken` says which earlier endings (parked, rejected)
 * this set took over: they are subtracted in totals, so counts close:
 * received = sum of outcomes + pending.
 */
export interface ChangeSetRecord {
  readonly instanceId: string;
  readonly cause: 'events' | 'release' | 'backfill' | 'redrive';
  readonly receivedAt: string;
  readonly received: number;
  readonly echoes: number;
  readonly quarantined: number;
  readonly ignored: number;
  readonly closed: boolean;
  /** Dataverse identifiers written back to FHIR by this set. */
  readonly identifiers: number;
  readonly counts: OutcomeCounts;
  readonly taken: { readonly parked: number; readonly rejected: number };
}

export interface Totals {
  readonly received: number;
  readonly echoes: number;
  readonly quarantined: number;
  readonly ignored: number;
  readonly identifiers: number;
  readonly pending: number;
  readonly openChangeSets: number;
  /** When the oldest set that is still open came in. */
  readonly oldestOpen?: string;
  readonly outcomes: OutcomeCounts;
}

const countsSchema = z.object(
  Object.fromEntries(outcomeKinds.map((kind) => [kind, z.number()])) as Record<
    OutcomeKind,
    z.ZodNumber
  >,
);

const recordSchema = z.object({
  instanceId: z.string(),
  cause: z.enum(['events', 'release', 'backfill', 'redrive']),
  receivedAt: z.string(),
  received: z.number(),
  echoes: z.number(),
  quarantined: z.number(),
  ignored: z.number(),
  closed: z.boolean(),
  identifiers: z.number(),
  counts: countsSchema,
  taken: z.object({ parked: z.number(), rejected: z.number() }),
});

export interface ChangeSets {
  /** Records that a set came in, and tells what is known of it already (a redelivery). */
  open(record: ChangeSetRecord): Promise<'opened' | 'open' | 'closed'>;
  close(record: ChangeSetRecord): Promise<void>;
  totals(): Promise<Totals>;
}

/** @param now milliseconds since 1970 */
export function createChangeSets(table: StateTable, now: () => number = Date.now): ChangeSets {
  return {
    open: async (record) => {
      const key = keyOf(record);
      if ((await table.insert(key, record)) === 'inserted') return 'opened';
      const known = recordSchema.safeParse(await table.get(key));
      if (known.success && known.data.closed) return 'closed';
      // Nothing of it is left to be done: whoever opened it was cut short before the start.
      if (record.closed) await table.put(key, record);
      return record.closed ? 'closed' : 'open';
    },
    close: (record) => table.put(keyOf(record), { ...record, closed: true }),
    totals: async () => {
      const sets = await readSets(table);
      await foldOldSets(table, sets, now() - recognisedHours * 3_600_000);
      return [...sets.values()].reduce((sum, { record }) => add(sum, record), zero());
    },
  };
}

const partition = 'set';

const keyOf = ({ instanceId }: ChangeSetRecord) => ({ partition, row: keyPart(instanceId) });

/** Event Grid delivers again for 24 hours at most; a set is recognised for longer. */
const recognisedHours = 25;

/** No key part of an instance id looks like this. */
const foldedRow = '~folded';

interface StoredSet {
  readonly key: RecordKey;
  readonly etag: string;
  readonly writtenAt: string;
  readonly record: ChangeSetRecord;
}

const readings = 3;

/** All sets by row. Read again when they were folded meanwhile: what was read before is counted twice then. */
async function readSets(table: StateTable): Promise<ReadonlyMap<string, StoredSet>> {
  const sets = new Map<string, StoredSet>();
  for (let reading = 1; reading <= readings; reading += 1) {
    sets.clear();
    const before = await foldedEtag(table);
    for await (const { key, body, ...state } of table.list({ partition })) {
      sets.set(key.row, { key, ...state, record: recordSchema.parse(body) });
    }
    if (sets.get(foldedRow)?.etag === before) break;
  }
  return sets;
}

async function foldedEtag(table: StateTable): Promise<string | undefined> {
  for await (const { etag } of table.list({ partition, rowPrefix: foldedRow })) return etag;
  return undefined;
}

const mostPerFold = 99;
const mostFolds = 20;

/** One transaction for each part: what is folded is counted once, whoever else folds. */
async function foldOldSets(
  table: StateTable,
  sets: ReadonlyMap<string, StoredSet>,
  before: number,
): Promise<void> {
  const old = [...sets.values()]
    .filter(({ key, record }) => key.row !== foldedRow && record.closed)
    .filter(({ writtenAt }) => Date.parse(writtenAt) < before)
    .slice(0, mostPerFold * mostFolds);
  const known = sets.get(foldedRow);
  let etag = known?.etag;
  let folded = known ? [known.record] : [];
  for (let start = 0; start < old.length; start += mostPerFold) {
    const part = old.slice(start, start + mostPerFold);
    const body = sumOf([...folded, ...part.map(({ record }) => record)]);
    const into = { key: { partition, row: foldedRow }, body };
    etag = await table.fold({ into, etag, removed: part.map(({ key }) => key) });
    if (etag === undefined) return;
    folded = [body];
  }
}

/** Several closed sets as one. */
function sumOf(records: readonly ChangeSetRecord[]): ChangeSetRecord {
  const { pending: _, openChangeSets: __, outcomes: ___, ...totals } = records.reduce(add, zero());
  const counts = emptyCounts();
  const taken = { parked: 0, rejected: 0 };
  for (const record of records) {
    for (const kind of outcomeKinds) counts[kind] += record.counts[kind];
    taken.parked += record.taken.parked;
    taken.rejected += record.taken.rejected;
  }
  return {
    ...totals,
    instanceId: foldedRow,
    cause: 'events',
    receivedAt: records.map(({ receivedAt }) => receivedAt).sort()[0] ?? '',
    closed: true,
    counts,
    taken,
  };
}

function zero(): Totals {
  return {
    received: 0,
    echoes: 0,
    quarantined: 0,
    ignored: 0,
    identifiers: 0,
    pending: 0,
    openChangeSets: 0,
    outcomes: emptyCounts(),
  };
}

function oldestOf({ oldestOpen }: Totals, { closed, receivedAt }: ChangeSetRecord) {
  if (closed) return oldestOpen === undefined ? {} : { oldestOpen };
  return {
    oldestOpen: oldestOpen === undefined || receivedAt < oldestOpen ? receivedAt : oldestOpen,
  };
}

function add(sum: Totals, record: ChangeSetRecord): Totals {
  const outcomes = { ...sum.outcomes };
  for (const kind of outcomeKinds) outcomes[kind] += record.counts[kind];
  return {
    received: sum.received + record.received,
    echoes: sum.echoes + record.echoes,
    quarantined: sum.quarantined + record.quarantined,
    ignored: sum.ignored + record.ignored,
    identifiers: sum.identifiers + record.identifiers,
    pending: sum.pending + (record.closed ? 0 : record.received),
    openChangeSets: sum.openChangeSets + (record.closed ? 0 : 1),
    ...oldestOf(sum, record),
    outcomes: {
      ...outcomes,
      parked: outcomes.parked - record.taken.parked,
      rejected: outcomes.rejected - record.taken.rejected,
    },
  };
}
