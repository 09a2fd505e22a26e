import { AppError } from '../../shared/errors.ts';
import { type DeleteLookRecord, sumLedgers, type TimeRange } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { carriedApart } from './line-judge.ts';
import { carriedBy, type Run } from './run.ts';

export interface TypeRange extends TimeRange {
  readonly type: string;
}

export interface Excess extends TypeRange {
  /** By how many the target has more than what is expected of the source. */
  readonly excess: number;
  /** How many the target has. */
  readonly held: number;
}

/**
 * Counts both sides over ranges of a type each. Where everything is carried, versions are counted:
 * their instants stay what they are when a resource is changed or soft-deleted later, so that only
 * a hard delete makes a difference. What is in quarantine is not expected in the target.
 */
export async function excessIn(
  deps: MigrationDependencies,
  loaded: Run,
  ranges: readonly TypeRange[],
): Promise<readonly Excess[]> {
  if (ranges.length === 0) return [];
  const { source, target } = deps.ends;
  const history = carriedBy(loaded).everything;
  const asked = ranges.map(({ type, since, till }) => ({ types: [type], since, till, history }));
  const [inSource, inTarget] = await Promise.all([
    source.service.countAll(asked),
    target.service.countAll(asked),
  ]);
  const quarantined = await quarantinedIn(deps, loaded.run.id, ranges);
  return ranges.map((range, index) => {
    const held = inTarget[index] ?? 0;
    const expected = (inSource[index] ?? 0) - (quarantined[index] ?? 0);
    return { ...range, held, excess: held - expected };
  });
}

async function quarantinedIn(
  { store }: MigrationDependencies,
  migrationId: string,
  ranges: readonly TypeRange[],
): Promise<readonly number[]> {
  const counts = ranges.map(() => 0);
  for await (const { reference, lastUpdated } of store.quarantine.each(migrationId)) {
    const at =
      lastUpdated === undefined || lastUpdated === null ? Number.NaN : Date.parse(lastUpdated);
    const type = reference.split('/')[0];
    for (const [index, range] of ranges.entries()) {
      const isInside = Date.parse(range.since) <= at && at < Date.parse(range.till);
      if (range.type === type && isInside) counts[index] = (counts[index] ?? 0) + 1;
    }
  }
  return counts;
}

/** So many more than the source has, and more than half of what is there: that is no cleaning up. */
const suspicious = 1_000;

/**
 * The types that a look is to go into: those whose excess is another than when it was last looked
 * into. An excess below 0 is one, too: a late write of the source may hide a delete.
 * @throws AppError CONFLICT when the source lacks most of what the target holds
 */
export async function beginLook(
  deps: MigrationDependencies,
  loaded: Run,
  { range, explained }: { readonly range: TimeRange; readonly explained: Explained },
): Promise<Pick<DeleteLookRecord, 'types' | 'explained'>> {
  const names = await carriedTypes(deps, loaded.run.id);
  const counted = await excessIn(
    deps,
    loaded,
    names.map((type) => ({ type, ...range })),
  );
  refuseEmptied(counted);
  const known = stillExplained(deps, loaded, explained);
  const isKnown = ({ type, excess }: Excess) => known[type]?.excess === excess;
  const types = counted
    .filter((one) => one.held > 0 && one.excess !== 0 && !isKnown(one))
    .map(({ type, excess, held }) => ({ type, excess, held }));
  const same = new Set(counted.filter(isKnown).map(({ type }) => type));
  return {
    types,
    explained: Object.fromEntries(Object.entries(known).filter(([type]) => same.has(type))),
  };
}

/** Intervals after which an excess is looked into again though it is the same. */
const patience = 20;

/**
 * The same excess may come to be of something else: an id that was deleted for good and given again
 * is left while it is there, and is to be removed when its second life ends before it is copied.
 */
function stillExplained(
  { now }: MigrationDependencies,
  { orders: { plan } }: Run,
  explained: Explained,
): Explained {
  const oldest = now().getTime() - patience * plan.intervalSeconds * 1000;
  return Object.fromEntries(
    Object.entries(explained).filter(([, { at }]) => Date.parse(at) > oldest),
  );
}

type Explained = DeleteLookRecord['explained'];

/** A wrong address or an emptied source must not empty the target: that is for a person to order. */
function refuseEmptied(counted: readonly Excess[]): void {
  const extra = counted.reduce((sum, { excess }) => sum + Math.max(0, excess), 0);
  const held = counted.reduce((sum, one) => sum + one.held, 0);
  if (extra <= suspicious || extra * 2 <= held) return;
  throw new AppError(
    'CONFLICT',
    `the source lacks ${extra} of ${held} that the target holds: more than half. Nothing is deleted for that before the proof. Make sure that FDS_MIGRATION_SOURCE_URL is right; if so, set hardDeletes to at-proof.`,
  );
}

/** Types that the target holds by this migration; what is unreadable may have none. */
async function carriedTypes(
  { store }: MigrationDependencies,
  migrationId: string,
): Promise<readonly string[]> {
  const windows = await store.windows.list(migrationId);
  const ledger = sumLedgers(windows.map((window) => window.ledger));
  return Object.entries(ledger)
    .filter(([type, { loaded, present }]) => loaded + present > 0 && !carriedApart.includes(type))
    .map(([type]) => type)
    .sort();
}
