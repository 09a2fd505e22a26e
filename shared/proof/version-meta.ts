import { field, type JsonTape, shape } from './json-tape.ts';
import { notResource } from './line-problem.ts';
import { dropChild, markChanged, memberOf, quotedName, textOf } from './member-lookup.ts';

export interface VersionMeta {
  readonly versionId: string | undefined;
  readonly lastUpdated: string | undefined;
  readonly deleted: boolean;
}

const none: VersionMeta = { versionId: undefined, lastUpdated: undefined, deleted: false };

const names = {
  meta: quotedName('meta'),
  versionId: quotedName('versionId'),
  lastUpdated: quotedName('lastUpdated'),
  extension: quotedName('extension'),
  url: quotedName('url'),
  valueString: quotedName('valueString'),
};

/** How Azure Health Data Services marks a deleted version in an export (facts/migration.md 2.3). */
const deletedUrl = 'http://azurehealthcareapis.com/data-extensions/deleted-state';
const deletedValue = 'soft-deleted';

/**
 * Takes versionId, lastUpdated and the soft-delete extension out of the meta of a resource,
 * and meta itself when nothing else was in it: they say which version it is, not what it holds.
 */
export function takeVersionMeta(tape: JsonTape, root: number): VersionMeta {
  const meta = memberOf(tape, root, names.meta);
  if (meta < 0) return none;
  const versionId = takeText(tape, meta, 'versionId');
  const lastUpdated = takeText(tape, meta, 'lastUpdated');
  const deleted = takeDeletedState(tape, meta);
  if (versionId !== undefined || lastUpdated !== undefined || deleted) {
    markChanged(tape, meta);
    markChanged(tape, root);
  }
  if (isEmpty(tape, meta)) {
    dropChild(tape, root, meta);
    markChanged(tape, root);
  }
  return { versionId, lastUpdated, deleted };
}

function takeText(
  tape: JsonTape,
  meta: number,
  name: 'versionId' | 'lastUpdated',
): string | undefined {
  const member = memberOf(tape, meta, names[name]);
  if (member < 0) return undefined;
  const text = textOf(tape, member);
  if (text === undefined) throw notResource(`meta.${name} is not a string`);
  dropChild(tape, meta, member);
  return text;
}

function takeDeletedState(tape: JsonTape, meta: number): boolean {
  const list = memberOf(tape, meta, names.extension);
  if (list < 0 || ((tape.nodes[list + field.shape] ?? 0) & shape.array) === 0) return false;
  const first = tape.nodes[list + field.first] ?? 0;
  const marks = [...tape.children.subarray(first, first + (tape.nodes[list + field.count] ?? 0))];
  const taken = marks.filter((extension) => isDeletedState(tape, extension));
  for (const extension of taken) dropChild(tape, list, extension);
  if (taken.length === 0) return false;
  markChanged(tape, list);
  if (taken.length === marks.length) dropChild(tape, meta, list);
  return true;
}

/** Exactly url and value: a third member would be content that must not get lost. */
function isDeletedState(tape: JsonTape, extension: number): boolean {
  if (tape.nodes[extension + field.count] !== 2) return false;
  const url = memberOf(tape, extension, names.url);
  const value = memberOf(tape, extension, names.valueString);
  if (url < 0 || value < 0) return false;
  return textOf(tape, url) === deletedUrl && textOf(tape, value) === deletedValue;
}

function isEmpty({ nodes }: JsonTape, meta: number): boolean {
  const isObject = ((nodes[meta + field.shape] ?? 0) & shape.object) !== 0;
  return isObject && nodes[meta + field.count] === 0;
}
