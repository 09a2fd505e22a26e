import { ndjsonLines, scanResource } from '../../shared/bulk/index.ts';
import {
  addToLedger,
  type BatchRecord,
  type StagedFile,
  type WindowLedger,
  windowName,
} from '../../shared/migration/index.ts';
import { longestLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { quarantine } from './quarantine.ts';
import { stageLines } from './stage-lines.ts';
import type { BatchInput } from './start-import.ts';
import { targetHolds } from './target-history.ts';

export interface Suspects {
  readonly files: readonly StagedFile[];
  /** The file that the service named. */
  readonly atFault: string | undefined;
}

export interface Narrowed {
  readonly ledger: WindowLedger;
  /** Files of each further batch. */
  readonly next: readonly (readonly StagedFile[])[];
}

/** Operations that fail or do not add up are first tried again as they are: most troubles pass. */
const plainRetries = 2;

/**
 * Comes closer to the line that makes an import fail as a whole: the same again, then the file
 * that the service named by itself, then halves of the files, then halves of the file. A line that
 * is alone and still fails is quarantined. What was loaded meanwhile is recognised when it comes
 * again (facts/migration.md §2.3, rule 3).
 */
export async function narrowDown(
  deps: MigrationDependencies,
  { input, batch }: { readonly input: BatchInput; readonly batch: BatchRecord },
  { files, atFault }: Suspects,
): Promise<Narrowed> {
  if (batch.depth < plainRetries) return { ledger: {}, next: [files] };
  const named = files.filter(({ url }) => url === atFault);
  if (named.length > 0 && files.length > named.length) {
    return { ledger: {}, next: [files.filter(({ url }) => url !== atFault), named] };
  }
  if (files.length > 1) {
    const middle = Math.ceil(files.length / 2);
    return { ledger: {}, next: [files.slice(0, middle), files.slice(middle)] };
  }
  const [file] = files;
  return file === undefined ? { ledger: {}, next: [] } : halve(deps, input, file);
}

async function halve(
  deps: MigrationDependencies,
  { migrationId, window, batch }: BatchInput,
  file: StagedFile,
): Promise<Narrowed> {
  const lines: Buffer[] = [];
  for await (const some of ndjsonLines(deps.blobs.read(file.url), {
    file: file.url,
    maxLineBytes: longestLine,
  })) {
    for (const { bytes } of some) lines.push(Buffer.from(bytes));
  }
  const [only] = lines;
  if (lines.length <= 1 && only !== undefined) {
    // An operation may load a line and fail after that: what is loaded stays (facts/migration.md §2.2).
    if (await targetHolds(deps, only)) {
      return { ledger: addToLedger({}, file.type, { loaded: 1 }), next: [] };
    }
    const step = `batch-${batch}`;
    await quarantine(deps, { migrationId, window, step, lines: [unloadable(only)] });
    return { ledger: addToLedger({}, file.type, { quarantined: 1 }), next: [] };
  }
  const middle = Math.ceil(lines.length / 2);
  const halves = [lines.slice(0, middle), lines.slice(middle)].filter(({ length }) => length > 0);
  const next = await Promise.all(
    halves.map((half, index) =>
      stageLines(deps, {
        ...{ migrationId, type: file.type, lines: half },
        name: `${windowName(window)}/halves/${batch}.${index}`,
      }),
    ),
  );
  return { ledger: {}, next };
}

function unloadable(bytes: Buffer) {
  const scan = scanResource(bytes);
  const known = scan.kind === 'resource';
  return {
    bytes,
    reference: known ? `${scan.resourceType}/${scan.id ?? '?'}` : 'Resource/?',
    versionId: known ? (scan.versionId ?? null) : null,
    cause: 'import-failed',
  };
}
