import type { Service } from '../interaction.ts';
import type { JobRun } from '../jobs/index.ts';
import { badRequest } from '../outcome.ts';
import type { VersionLoader } from '../store/version-loader.ts';
import type { LineError } from './error-log.ts';
import type { ImportRequest } from './import-definition.ts';
import { mergeIncrementally } from './incremental-merge.ts';
import { mergeInitially } from './initial-merge.ts';
import { createMergeTarget } from './merge-target.ts';
import { type Candidate, parseLine } from './parse-line.ts';
import type { UnitLine } from './unit-lines.ts';

/** Lines of one transaction (facts, migration 2.2). */
const batchLines = 1000;
/** Lines that are parsed between two looks at waiting requests. */
const sliceLines = 100;

export interface LineBatchParts {
  readonly service: Service;
  readonly loader: VersionLoader;
  readonly run: JobRun;
  readonly request: ImportRequest;
  /** The type every line must have, or null when any will do. */
  readonly type: string | null;
  /** Called after every transaction; what it throws ends the job. */
  readonly afterBatch: () => void;
}

/** Parses the lines of one unit and merges them a thousand at a time. */
export function createLineBatches(parts: LineBatchParts) {
  const { service, run, request } = parts;
  const errors: LineError[] = [];
  let candidates: Candidate[] = [];
  let lines = 0;
  let succeeded = 0;

  async function add(unit: readonly UnitLine[]): Promise<void> {
    for (const line of unit) {
      const { type } = parts;
      const rules = { type, mode: request.mode, now: service.bulk.now() };
      const parsed = parseLine(line, { ...rules, checkResource: service.checkResource });
      if (parsed.kind === 'candidate') candidates.push(parsed.candidate);
      else errors.push(parsed);
      lines += 1;
      if (lines % sliceLines === 0) await run.pause();
      if (lines % batchLines === 0) await merge();
    }
  }

  async function merge(): Promise<void> {
    const batch = candidates;
    candidates = [];
    if (batch.length === 0) return;
    const { loaded, conflicts } = service.repository.transaction(() => mergeBatch(parts, batch));
    succeeded += loaded.length;
    errors.push(...mergeErrors(batch, loaded, conflicts));
    parts.afterBatch();
    await run.pause();
  }

  return {
    add,
    async end() {
      await merge();
      return { succeeded, errors };
    },
  };
}

/** Throws, and so leaves nothing of the batch, when a millisecond has no room left. */
function mergeBatch({ service, loader, request }: LineBatchParts, batch: readonly Candidate[]) {
  loader.begin();
  const target = createMergeTarget(service, loader, request);
  const verdict =
    request.mode === 'InitialLoad'
      ? mergeInitially(target, batch)
      : mergeIncrementally(target, batch);
  if (verdict.isFull) {
    throw badRequest(
      'Unable to generate internal IDs. If the lastUpdated meta element is provided as input, reduce the number of resources with the same up to millisecond lastUpdated below 10,000.',
    );
  }
  return verdict;
}

function mergeErrors(
  batch: readonly Candidate[],
  loaded: readonly Candidate[],
  conflicts: readonly Candidate[],
): readonly LineError[] {
  if (loaded.length === batch.length) return [];
  const settled = new Set([...loaded, ...conflicts]);
  const duplicates = batch.filter((candidate) => !settled.has(candidate));
  return [
    ...duplicates.map(({ id, line }) => ({
      line,
      cause: `Failed to import duplicate resource, resource id: ${id}, line: ${line}`,
    })),
    ...conflicts.map(({ id, line }) => ({
      line,
      cause: `Failed to import resource with version conflict, resource id: ${id}, line: ${line}`,
    })),
  ];
}
