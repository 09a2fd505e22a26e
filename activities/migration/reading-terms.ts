import type { WindowRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { JudgeOptions } from './line-judge.ts';
import { type MovedVersions, movedVersions } from './moved-versions.ts';
import { OverlapKeys, overlapKeys } from './overlap.ts';
import { type ChunkMends, noMends } from './window-mends.ts';

export interface Terms {
  readonly options: JudgeOptions & { readonly end: OverlapKeys };
  /** The same when lines of the same file would be judged the same. */
  readonly id: string;
}

export interface TermsPlace {
  readonly migrationId: string;
  readonly window: WindowRecord;
  /** Of all lines; empty where the source does not tell it. */
  readonly type: string;
  readonly overlapSeconds: number;
}

/** On what terms the lines of one type are judged in a window, beside what the inspection finds. */
export async function readingTerms(
  deps: MigrationDependencies,
  { migrationId, window, type, overlapSeconds }: TermsPlace,
  mends: ChunkMends = noMends,
): Promise<Terms> {
  const [known, moved] = await Promise.all([
    overlapKeys(deps, { migrationId, window: window.number - 1, type }),
    movedVersions(deps, migrationId),
  ]);
  const end = new OverlapKeys(window.till, overlapSeconds);
  const options = { type: type === '' ? 'Resource' : type, known, moved, mends, end };
  return { options, id: idOf({ type, known, moved, end }) };
}

interface Judging {
  readonly type: string;
  readonly known: ReadonlySet<string>;
  readonly moved: MovedVersions;
  readonly end: OverlapKeys;
}

/** Versions are only ever added to those that are known or moved. */
const idOf = ({ type, known, moved, end }: Judging): string =>
  [type, known.size, moved.size, end.from].join(' ');
