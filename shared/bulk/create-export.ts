import { AppError } from '../errors.ts';
import type { HttpSend } from '../http/index.ts';
import { baseUrl } from './base-url.ts';
import type {
  BulkExport,
  ExportDialect,
  ExportKickOff,
  ExportManifest,
  ExportRequest,
  ExportStatus,
} from './contract.ts';
import { joinPages, noManifest, readManifestPage } from './export-manifest.ts';
import { exportByGet, exportByPost } from './export-request.ts';
import { callOnce, cancelJob, kickOffResult } from './job-call.ts';
import { issueType } from './operation-outcome.ts';
import { type JobState, pollJob } from './poll-job.ts';

export interface BulkExportOptions {
  /** Base URL of the FHIR service. */
  readonly url: string;
  /** Its allowed origins decide where status URLs may lead. */
  readonly send: HttpSend;
  readonly dialect: ExportDialect;
}

/** Statuses by which a server of STU4 says that it takes no GET. */
const noGet = new Set([404, 405, 501]);
const maxPages = 100_000;

/** @throws AppError CONFIG_INVALID when the URL is no http(s) base URL. */
export function createBulkExport({ url, send, dialect }: BulkExportOptions): BulkExport {
  const base = baseUrl(url);
  const what = 'a bulk export';
  const poll = (at: string) => pollJob({ send, url: at, what, knownPhrases: dialect === 'ahds' });

  return {
    dialect,
    kickOff: (request) => kickOff({ base, send, dialect }, request),
    async status(statusUrl) {
      const state = await poll(statusUrl);
      return state.kind === 'complete' ? allPages(state, statusUrl, poll) : statusOf(state);
    },
    cancel: (statusUrl) => cancelJob(send, statusUrl, 'ending a bulk export'),
    statusUrlOf: (jobId) => `${base}/_operations/export/${encodeURIComponent(jobId)}`,
  };
}

interface Source {
  readonly base: string;
  readonly send: HttpSend;
  readonly dialect: ExportDialect;
}

async function kickOff(source: Source, request: ExportRequest): Promise<ExportKickOff> {
  const { base, send, dialect } = source;
  const what = 'starting a bulk export';
  const get = exportByGet(base, request, dialect);
  const answer = await callOnce(send, get, what);
  if (dialect === 'ig' && answer !== 'torn' && noGet.has(answer.status)) {
    const post = exportByPost(base, request);
    return kickOffResult(await callOnce(send, post, what), post.url, what);
  }
  return kickOffResult(answer, get.url, what);
}

type Complete = Extract<JobState, { kind: 'complete' }>;

/** Follows `link` to the last page. A page that is not there yet leaves the job running. */
async function allPages(
  first: Complete,
  statusUrl: string,
  poll: (url: string) => Promise<JobState>,
): Promise<ExportStatus> {
  const seen = new Set([statusUrl]);
  const { manifest: start, next: second } = readManifestPage(
    first.answer.json,
    statusUrl,
    first.answer.headers,
  );
  let manifest: ExportManifest = start;
  for (let url = second; url !== undefined; ) {
    if (seen.has(url) || seen.size >= maxPages) {
      throw noManifest('link (it leads in a circle)');
    }
    seen.add(url);
    const state = await poll(url);
    if (state.kind === 'gone') {
      throw new AppError('LINK_EXPIRED', 'a page of an export manifest is not there any more');
    }
    if (state.kind !== 'complete') {
      return statusOf(state);
    }
    const page = readManifestPage(state.answer.json, url, state.answer.headers);
    manifest = joinPages(manifest, page.manifest);
    url = page.next;
  }
  return { kind: 'done', manifest };
}

function statusOf(state: Exclude<JobState, Complete>): ExportStatus {
  if (state.kind === 'failed') {
    return { kind: 'failed', status: state.status, cause: issueType(state.outcome) };
  }
  if (state.kind === 'gone') {
    return state;
  }
  const { answer, ...running } = state;
  return { ...running, ...progressOf(answer?.headers.get('x-progress')) };
}

/** A percentage or some words; anything else in it is a server's free text and is dropped. */
function progressOf(header: string | null | undefined): { readonly progress?: string } {
  const progress = (header ?? '').replaceAll(/[^\w %.,:/()-]/g, '').slice(0, 100);
  return progress === '' ? {} : { progress };
}
