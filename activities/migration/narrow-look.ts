import type { DeleteLookRecord, TimeRange } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { excessIn } from './excess.ts';
import { removeExtra } from './remove-extra.ts';
import type { Run } from './run.ts';

/** A range in which the target holds no more than this is listed. */
const listable = 500;
/** A fuller range is parted, and its parts are counted at once. */
const parts = 16;

/**
 * Takes a look for hard deletes one range further: counts the parts of a full one, or settles a
 * short one. What it answers is all that the next step needs; run twice it finds what is left.
 */
export async function narrowLook(
  deps: MigrationDependencies,
  loaded: Run,
  look: DeleteLookRecord,
): Promise<DeleteLookRecord> {
  const [type] = look.types;
  if (type === undefined) return { ...look, state: 'done' };
  const { since, till } = look;
  const range = look.ranges.at(-1) ?? { since, till, held: type.held };
  const ranges = look.ranges.slice(0, -1);
  if (range.held > listable && lengthOf(range) > 1) {
    const shorter = parted(range).map((part) => ({ ...part, type: type.type }));
    const counted = await excessIn(deps, loaded, shorter);
    const fuller = counted.filter(({ excess }) => excess > 0);
    const further = fuller.map(({ since, till, held }) => ({ since, till, held }));
    return orNextType({ ...look, ranges: [...ranges, ...further] });
  }
  const place = { loaded, type: type.type, window: look.window };
  const removed = await removeExtra(deps, place, range);
  return orNextType({
    ...{ ...look, ranges },
    removed: look.removed + removed,
    removedOfType: look.removedOfType + removed,
  });
}

/**
 * When nothing of the type is left to look at. An excess that comes of nothing to be removed is
 * remembered, so that it is not looked into every time.
 */
function orNextType(look: DeleteLookRecord): DeleteLookRecord {
  const [type, ...types] = look.types;
  if (type === undefined || look.ranges.length > 0) return look;
  const { [type.type]: _, ...others } = look.explained;
  const found = { excess: type.excess, at: look.at };
  const explained = look.removedOfType > 0 ? others : { ...others, [type.type]: found };
  const state = types.length === 0 ? 'done' : 'open';
  return { ...look, state, types, removedOfType: 0, explained };
}

const lengthOf = ({ since, till }: TimeRange): number => Date.parse(till) - Date.parse(since);

/** Equal parts, by whole milliseconds. */
function parted(range: TimeRange): readonly TimeRange[] {
  const begin = Date.parse(range.since);
  const end = Date.parse(range.till);
  const step = Math.ceil((end - begin) / parts);
  const count = Math.ceil((end - begin) / step);
  const at = (milliseconds: number) => new Date(Math.min(end, milliseconds)).toISOString();
  return Array.from({ length: count }, (_, index) => ({
    since: at(begin + index * step),
    till: at(begin + (index + 1) * step),
  }));
}
