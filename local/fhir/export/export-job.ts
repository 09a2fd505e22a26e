import type { ContainerClient } from '@azure/storage-blob';
import type { Service } from '../interaction.ts';
import type { BulkFaults, JobKind, JobRun } from '../jobs/index.ts';
import { markDeleted } from '../jobs/soft-delete.ts';
import type { StorageAccount } from '../jobs/storage-account.ts';
import { badRequest, FhirError } from '../outcome.ts';
import { createAnonymizer } from './anonymization/index.ts';
import { type ExportRequest, exportDefinition } from './export-definition.ts';
import { cancelExport, exportStatus, type OutputFile } from './export-status.ts';
import { createNdjsonFile } from './ndjson-file.ts';
import { selectVersions, type TypeSelection } from './selection.ts';
import type { ExportedVersion, VersionPages } from './version-pages.ts';

/** A file of an export is closed beyond this size. */
const rollingBytes = 64 * 1024 * 1024;
const pageRows = 500;

/** `$export` as a job; `pages` reads the database of the same service. */
export function exportKind(service: Service, pages: VersionPages): JobKind {
  return {
    run: (run) => runExport(service, pages, run),
    status: (job) => exportStatus(service.bulk, job),
    cancel: cancelExport,
  };
}

interface Export {
  readonly run: JobRun;
  readonly request: ExportRequest;
  readonly container: ContainerClient;
  readonly textOf: (version: ExportedVersion) => string;
}

async function runExport(service: Service, pages: VersionPages, run: JobRun) {
  const request = exportDefinition.parse(run.job.definition);
  const { storage } = service.bulk;
  if (storage === undefined) throw badRequest('The export storage account is not configured.');
  const container = await connect(storage, request.container ?? `export-${run.job.number}`);
  const { anonymization } = request;
  const anonymized = anonymization && (await createAnonymizer(storage, anonymization));
  const task: Export = {
    ...{ run, request, container },
    textOf: (version) => anonymized?.(textOf(version)) ?? textOf(version),
  };
  const output: OutputFile[] = [];
  const isStopped = stopAfter(service.bulk.faults, request);
  let nextSave = 1;
  let range = run.job.number;
  for (const selection of selectVersions(service, pages, request)) {
    let from: bigint | undefined;
    do {
      const done = await exportRange(task, { selection, from, range: range + 1 });
      if (done.files.length > 0) range += 1;
      output.push(...done.files);
      from = done.next;
      if (output.length >= nextSave) {
        run.save({ output });
        // Ever longer lists are written ever more seldom, so that many files cost no more each than few.
        nextSave = Math.ceil(output.length * 1.1) + 1;
      }
      if (isStopped(output.length)) return { output };
    } while (from !== undefined);
  }
  return { output };
}

/** Says whether a fault ends the job after so many files, or throws as it does. */
function stopAfter(faults: BulkFaults, { maxCount }: ExportRequest) {
  const stopped = faults.takeOne('export', 'stopped');
  const exhausted = faults.takeOne('export', 'out-of-memory');
  return (files: number): boolean => {
    if (exhausted !== undefined && files >= exhausted.afterFiles) {
      const diagnostics = `The FHIR Server ran out of memory while processing an export job. Please use the _maxCount parameter when requesting an export job to reduce the number of resources exported at one time. The count used in this job was ${maxCount}`;
      throw new FhirError(exhausted.status, [
        { severity: 'error', code: 'exception', diagnostics },
      ]);
    }
    return stopped !== undefined && files >= stopped.afterFiles;
  };
}

async function connect(storage: StorageAccount, name: string): Promise<ContainerClient> {
  try {
    return await storage.container(name);
  } catch {
    throw badRequest(`The container '${name}' of the export cannot be opened or made.`);
  }
}

function textOf({ body, isDeleted }: ExportedVersion): string {
  return isDeleted ? markDeleted(body) : body;
}

interface Range {
  readonly selection: TypeSelection;
  readonly from: bigint | undefined;
  /** Number of the range among all of the service, part of its file names. */
  readonly range: number;
}

/** Writes up to `maxCount` versions to files of their own; `next` is where the next range starts. */
async function exportRange(task: Export, { selection, from, range }: Range) {
  const { run, request } = task;
  const files: OutputFile[] = [];
  const close = async () => {
    if (file.count() > 0) files.push({ type: selection.type, ...(await file.close()) });
  };
  const open = () =>
    createNdjsonFile({
      container: task.container,
      name: fileName(task, `${selection.type}-${range}-${files.length + 1}`),
      abortSignal: run.signal,
    });
  let file = open();
  let left = request.maxCount;
  let next = from;
  do {
    const page = selection.page(next, Math.min(pageRows, left));
    await file.write(page.versions.map(task.textOf));
    left -= page.versions.length;
    next = page.next;
    if (file.size() >= rollingBytes) {
      await close();
      file = open();
    }
    await run.pause();
  } while (next !== undefined && left > 0);
  await close();
  return { files, next };
}

function fileName({ run, request }: Export, name: string): string {
  if (request.container === null) return `${name}.ndjson`;
  const timestamp = new Date(run.job.createdAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${timestamp}-${run.job.number}/${name}.ndjson`;
}
