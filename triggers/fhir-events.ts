import type { InvocationContext } from '@azure/functions';
import { getClient } from 'durable-functions';
import type { SyncChangesInput } from '../orchestrations/sync-changes.ts';
import type { Config } from '../shared/config.ts';
import {
  type Change,
  changeSetId,
  type ParsedEvents,
  parseEvents,
} from '../shared/events/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { PackSource } from '../shared/mapping/index.ts';
import { emptyCounts } from '../shared/outcomes/index.ts';
import { safeError } from './safe-error.ts';
import { startOnce } from './start-once.ts';

/** Changes handled by one orchestration (DESIGN §1, change set). */
const setSize = 100;

export interface FhirEventsDependencies {
  readonly config: Pick<Config, 'fhir' | 'retry'>;
  readonly ledger: Ledger;
  readonly packs: PackSource;
}

/**
 * The door for FHIR events of Event Grid, in both schemas. Echoes of own writes
 * are dropped and counted, unreadable events are quarantined and still accepted,
 * the rest starts one orchestration per change set. It answers only after the
 * start is durable: if anything here throws, Event Grid delivers again.
 */
export function createFhirEventsHandler(deps: FhirEventsDependencies) {
  return async (body: unknown, context: InvocationContext): Promise<void> => {
    try {
      await receive(deps, body, context);
    } catch (error) {
      throw safeError(error, context);
    }
  };
}

async function receive(
  deps: FhirEventsDependencies,
  body: unknown,
  context: InvocationContext,
): Promise<void> {
  const parsed = parseEvents(body, { fhirAccounts: deps.config.fhir.accounts });
  const receivedAt = new Date().toISOString();
  const sets = intoSets(distinct(parsed.changes));
  if (sets.length === 0) {
    await setAside(deps, { parsed, receivedAt, context });
    return;
  }
  for (const [index, changes] of sets.entries()) {
    // What is not a change of any set is counted with the first.
    const aside = index === 0 ? parsed : { quarantined: [], ignored: 0 };
    await takeIn(deps, { changes, aside, receivedAt, context });
  }
}

interface Intake {
  readonly changes: readonly Change[];
  readonly aside: Pick<ParsedEvents, 'quarantined' | 'ignored'>;
  readonly receivedAt: string;
  readonly context: InvocationContext;
}

async function takeIn(deps: FhirEventsDependencies, intake: Intake): Promise<void> {
  const { changes, aside, receivedAt, context } = intake;
  const instanceId = changeSetId(changes);
  const fresh = await withoutEchoes(deps.ledger, changes);
  await deps.ledger.quarantine.record(instanceId, aside.quarantined);
  const set: SyncChangesInput['set'] = {
    cause: 'events',
    receivedAt,
    received: fresh.length,
    echoes: changes.length - fresh.length,
    quarantined: aside.quarantined.length,
    ignored: aside.ignored,
    taken: { parked: 0, rejected: 0 },
  };
  const closed = fresh.length === 0;
  const known = await deps.ledger.changeSets.open({
    ...set,
    instanceId,
    closed,
    identifiers: 0,
    counts: emptyCounts(),
  });
  if (closed || known === 'closed') return;
  // A withdrawal must know every map that rows were written with before the Consent was readable.
  const aboutConsent = changes.some(({ resourceType }) => resourceType === 'Consent');
  const { hash: packHash } = await deps.packs.current({ fresh: aboutConsent });
  const input: SyncChangesInput = { changes: fresh, set, retry: deps.config.retry, packHash };
  await startOnce(getClient(context), { name: 'syncChanges', instanceId, input });
}

/** Only an update can be an own write: the identifier goes into resources that exist. */
async function withoutEchoes(
  ledger: Ledger,
  changes: readonly Change[],
): Promise<readonly Change[]> {
  const echoes = await Promise.all(
    changes.map(async ({ resourceType, id, kind, versionId }) =>
      kind === 'updated' && versionId !== undefined
        ? ledger.ownWrites.isOwn({ resourceType, id, versionId })
        : false,
    ),
  );
  return changes.filter((_, index) => !echoes[index]);
}

/** An event that is twice in one delivery is one change: its story is kept by its id. */
function distinct(changes: readonly Change[]): readonly Change[] {
  const keyOf = ({ changeId, resourceType, id }: Change) => `${changeId} ${resourceType}/${id}`;
  return [...new Map(changes.map((change) => [keyOf(change), change])).values()];
}

function intoSets(changes: readonly Change[]): readonly (readonly Change[])[] {
  const sets: (readonly Change[])[] = [];
  for (let start = 0; start < changes.length; start += setSize) {
    sets.push(changes.slice(start, start + setSize));
  }
  return sets;
}

/** A delivery without any change: what was quarantined or ignored is counted. */
async function setAside(
  { ledger }: FhirEventsDependencies,
  delivery: {
    readonly parsed: ParsedEvents;
    readonly receivedAt: string;
    readonly context: InvocationContext;
  },
): Promise<void> {
  const { parsed, receivedAt, context } = delivery;
  if (parsed.quarantined.length + parsed.ignored === 0) return;
  const instanceId = `quarantine-${context.invocationId}`;
  await ledger.quarantine.record(instanceId, parsed.quarantined);
  await ledger.changeSets.open({
    instanceId,
    cause: 'events',
    receivedAt,
    received: 0,
    echoes: 0,
    quarantined: parsed.quarantined.length,
    ignored: parsed.ignored,
    closed: true,
    identifiers: 0,
    counts: emptyCounts(),
    taken: { parked: 0, rejected: 0 },
  });
}
