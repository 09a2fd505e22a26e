import type { Service } from '../interaction.ts';
import type { BulkFaults, JobKind, JobRun } from '../jobs/index.ts';
import type { StorageAccount } from '../jobs/storage-account.ts';
import { badRequest, FhirError } from '../outcome.ts';
import type { VersionLoader } from '../store/version-loader.ts';
import { writeErrors } from './error-log.ts';
import {
  type ImportRequest,
  type ImportUnit,
  importDefinition,
  importUnit,
} from './import-definition.ts';
import { cancelImport, importStatus } from './import-status.ts';
import { createLineBatches } from './line-batches.ts';
import { planUnits } from './plan-units.ts';
import { unitLines } from './unit-lines.ts';

/** `$import` as a job: files are cut into units, units are loaded one after another, batch by batch. */
export function importKind(service: Service, loader: VersionLoader): JobKind {
  return {
    run: (run) => runImport(service, loader, run),
    status: (job, request) => importStatus(service, job, request),
    cancel: cancelImport,
  };
}

async function runImport(service: Service, loader: VersionLoader, run: JobRun) {
  const request = importDefinition.parse(run.job.definition);
  const { storage } = service.bulk;
  if (storage === undefined) throw badRequest('The import storage account is not configured.');
  const known = run.parts();
  const parts =
    known.length > 0 ? known : run.addParts(await planUnits(storage, request, run.signal));
  const afterBatch = failAfter(service.bulk.faults);
  const task: Import = { service, loader, run, request, storage, afterBatch };
  let failure: FhirError | undefined;
  for (const part of parts) {
    if (part.result !== undefined) continue;
    const unit = importUnit.parse(part.definition);
    try {
      await loadUnit(task, part.number, unit);
    } catch (error) {
      // The service runs units as jobs of their own: one that fails does not stop the others.
      failure ??= unitFailure(error, unit.url);
    }
  }
  if (failure !== undefined) throw failure;
  return {};
}

interface Import {
  readonly service: Service;
  readonly loader: VersionLoader;
  readonly run: JobRun;
  readonly request: ImportRequest;
  readonly storage: StorageAccount;
  readonly afterBatch: () => void;
}

/** A fault that ends the unit in which so many batches of the job are loaded. */
function failAfter(faults: BulkFaults): () => void {
  const fatal = faults.takeOne('import', 'fatal');
  let batches = 0;
  return () => {
    batches += 1;
    if (fatal === undefined || batches !== fatal.afterBatches) return;
    const diagnostics = 'Generic exception. Failed to load data.';
    throw new FhirError(fatal.status, [{ severity: 'error', code: 'exception', diagnostics }]);
  };
}

/** The failure of a unit names its file; the cause of a 500 is not told. Throws what is no failure of the unit. */
function unitFailure(error: unknown, url: string): FhirError {
  if (!(error instanceof FhirError)) throw error;
  const cause = error.status === 500 ? 'InternalServerError' : error.message;
  const diagnostics = `${cause} ErrorFile: ${url}`;
  return new FhirError(error.status, [{ severity: 'error', code: 'exception', diagnostics }]);
}

async function loadUnit(task: Import, number: number, unit: ImportUnit): Promise<void> {
  const { run, request, storage } = task;
  const blob = storage.blobAt(unit.url);
  const length = await lengthOf(task, unit.url);
  const batches = createLineBatches({ ...task, type: unit.type });
  const range = {
    ...{ offset: unit.offset, bytes: request.unitBytes, length },
    abortSignal: run.signal,
  };
  for await (const lines of unitLines(blob, range)) await batches.add(lines);
  const { succeeded, errors } = await batches.end();
  const name = `${unit.type ?? ''}${run.job.number}_${run.job.number + number}.ndjson`;
  const file = { container: request.errorContainer, name, offset: unit.offset };
  const errorUrl = errors.length === 0 ? null : await writeErrors(storage, file, errors);
  run.finishPart(number, { succeeded, failed: errors.length, errorUrl });
}

async function lengthOf({ storage, run }: Import, url: string): Promise<number> {
  const abortSignal = run.signal;
  try {
    return (await storage.blobAt(url).getProperties({ abortSignal })).contentLength ?? 0;
  } catch {
    throw badRequest(
      `Input file deleted, renamed, or moved during job. Import processing operation failed.`,
    );
  }
}
