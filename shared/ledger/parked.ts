import { z } from 'zod';
import { type Change, changeSchema } from '../events/index.ts';
import { keyPart, type StateTable } from './state-table.ts';

/** A change that waits until another resource has a row. */
export interface ParkedChange {
  readonly change: Change;
  /** The awaited reference, `Type/id`. */
  readonly waitingFor: string;
  readonly since: string;
}

const parkedSchema = z.object({ change: changeSchema, waitingFor: z.string(), since: z.string() });

export interface Parked {
  park(parked: readonly ParkedChange[]): Promise<void>;
  /** The changes that wait for any of these references. */
  waitingFor(references: readonly string[]): Promise<readonly ParkedChange[]>;
  /**
   * Takes over waiting changes for one orchestration, those that no other has
   * taken. Safe to repeat: the same orchestration gets the same answer.
   */
  claim(parked: readonly ParkedChange[], instanceId: string): Promise<readonly ParkedChange[]>;
  /** Forgets that these wait; called once their new ending is recorded. */
  release(parked: readonly ParkedChange[]): Promise<void>;
  all(limit: number): Promise<readonly ParkedChange[]>;
}

export interface ParkedTables {
  readonly waiting: StateTable;
  readonly claims: StateTable;
}

/**
 * The waiting room: one record per awaited reference and change, so that a new
 * row finds its waiters by key. A change waits for one reference at a time.
 */
export function createParked(tables: ParkedTables): Parked {
  const { waiting, claims } = tables;
  return {
    park: async (parked) => {
      await waiting.putAll(parked.map((item) => ({ key: keyOf(item), body: item })));
    },
    waitingFor: async (references) => {
      const all = await take(waiting, lookThrough);
      if (all.length < lookThrough) return pick(all, references);
      const found = await Promise.all(references.map((reference) => waiters(waiting, reference)));
      return found.flat();
    },
    claim: async (parked, instanceId) => {
      const taken = await Promise.all(parked.map((item) => claim(tables, item, instanceId)));
      return parked.filter((_, index) => taken[index]);
    },
    release: async (parked) => {
      await Promise.all(
        parked.map(async (item) => {
          await waiting.remove(keyOf(item));
          await claims.remove(claimKeyOf(item));
        }),
      );
    },
    all: (limit) => take(waiting, limit),
  };
}

const claimSchema = z.object({ instanceId: z.string() });

/**
 * A claim holds only while the record that was seen still waits: whoever read the
 * room before another orchestration went on with the change comes too late.
 * Release takes the record away before the claim, so one of the two is always seen.
 */
async function claim(
  { waiting, claims }: ParkedTables,
  item: ParkedChange,
  instanceId: string,
): Promise<boolean> {
  const key = claimKeyOf(item);
  if ((await claims.insert(key, { instanceId })) === 'exists') {
    const held = claimSchema.safeParse(await claims.get(key));
    return held.success && held.data.instanceId === instanceId;
  }
  const current = parkedSchema.safeParse(await waiting.get(keyOf(item)));
  if (current.success && current.data.since === item.since) return true;
  await claims.remove(key);
  return false;
}

/** A change that waits a second time for the same reference waits anew: `since` is part of the key. */
const claimKeyOf = (item: ParkedChange) => {
  const { partition, row } = keyOf(item);
  return { partition, row: `${row}!${keyPart(item.since)}` };
};

/** A waiting room of up to this many is looked through in one call; a fuller one is asked by key. */
const lookThrough = 500;

async function take(table: StateTable, limit: number): Promise<readonly ParkedChange[]> {
  const found: ParkedChange[] = [];
  for await (const { body } of table.list({ limit })) found.push(parkedSchema.parse(body));
  return found;
}

function pick(
  parked: readonly ParkedChange[],
  references: readonly string[],
): readonly ParkedChange[] {
  const wanted = new Set(references);
  return parked.filter(({ waitingFor }) => wanted.has(waitingFor));
}

async function waiters(table: StateTable, reference: string): Promise<readonly ParkedChange[]> {
  const found: ParkedChange[] = [];
  for await (const { body } of table.list({ partition: keyPart(reference) })) {
    found.push(parkedSchema.parse(body));
  }
  return found;
}

const keyOf = ({ change, waitingFor }: ParkedChange) => ({
  partition: keyPart(waitingFor),
  row: keyPart(`${change.resourceType}!${change.id}!${change.changeId}`),
});
