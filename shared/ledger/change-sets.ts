import { z } from 'zod';
import {
  emptyCounts,
  type OutcomeCounts,
  type OutcomeKind,
  outcomeKinds,
} from '../outcomes/index.ts';
import type { StateTable } from './state-table.ts';

/**
 * One record per change set, keyed by its orchestration id. A record is always written whole and never incremented, so that a repeated
 * step cannot count twice. `taken` says which earlier endings (parked, rejected)
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
  /** Records that a set came in; `exists` when it is known already (a redelivery). */
  open(record: ChangeSetRecord): Promise<'opened' | 'open' | 'closed'>;
  close(record: ChangeSetRecord): Promise<void>;
  totals(): Promise<Totals>;
}

export function createChangeSets(table: StateTable): ChangeSets {
  return {
    open: async (record) => {
      const key = keyOf(record);
      if ((await table.insert(key, record)) === 'inserted') return 'opened';
      const known = recordSchema.safeParse(await table.get(key));
      return known.success && known.data.closed ? 'closed' : 'open';
    },
    close: (record) => table.put(keyOf(record), { ...record, closed: true }),
    totals: () => totals(table),
  };
}

const keyOf = (record: ChangeSetRecord) => ({ partition: 'set', row: record.instanceId });

async function totals(table: StateTable): Promise<Totals> {
  let sum = zero();
  for await (const { body } of table.list({ partition: 'set' }))
    sum = add(sum, recordSchema.parse(body));
  return sum;
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
    outcomes: {
      ...outcomes,
      parked: outcomes.parked - record.taken.parked,
      rejected: outcomes.rejected - record.taken.rejected,
    },
  };
}
