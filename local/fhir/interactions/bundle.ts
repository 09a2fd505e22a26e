import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { isObject, itemsOf, type JsonObject, objectAt, textAt } from '../json.ts';
import { badRequest, FhirError, outcomeResource, tooLarge } from '../outcome.ts';
import { lastUpdatedOf } from '../store/clock.ts';
import { etagOf } from '../store/stored-version.ts';
import { entryRequest } from './bundle-entry.ts';
import { type AssignedIds, assignIds, resolveReferences } from './bundle-references.ts';

type Dispatch = (service: Service, request: FhirRequest) => Reply;

/** Order of work inside a bundle (FHIR R4 http, "Transaction Processing Rules"); answers keep the order asked. */
const methodOrder = ['DELETE', 'POST', 'PUT', 'PATCH', 'GET'];

/** Batch and transaction. Either way all writes are one SQLite transaction, which makes them fast. */
export function bundle(service: Service, request: FhirRequest, dispatch: Dispatch): Reply {
  const body = request.body;
  if (body?.['resourceType'] !== 'Bundle') {
    throw badRequest('A POST to the base URL takes a Bundle of type batch or transaction.');
  }
  const type = body['type'];
  if (type !== 'batch' && type !== 'transaction') {
    throw badRequest('The Bundle must be of type batch or transaction.');
  }
  const entries = itemsOf(body['entry']);
  if (entries.length > service.maximumBundleEntries) {
    throw tooLarge(
      `The number of entries in the bundle exceeded the configured limit of ${service.maximumBundleEntries}.`,
    );
  }
  const run: BundleRun = { service, request, dispatch, entries: entries.map(readEntry) };
  const answers = service.repository.transaction(() =>
    type === 'batch' ? runBatch(run) : runTransaction(run),
  );
  const text = `{"resourceType":"Bundle","type":"${type}-response","entry":[${answers.join(',')}]}`;
  return { status: 200, body: text };
}

interface BundleRun {
  readonly service: Service;
  readonly request: FhirRequest;
  readonly dispatch: Dispatch;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly content: JsonObject;
  readonly method: string;
  /** What the entry asks for, without the query. */
  readonly url: string;
}

function readEntry(entry: unknown): Entry {
  const content = isObject(entry) ? entry : {};
  const request = objectAt(content, 'request') ?? {};
  const url = textAt(request, 'url') ?? '';
  const mark = url.indexOf('?');
  return {
    content,
    method: textAt(request, 'method') ?? '',
    url: mark < 0 ? url : url.slice(0, mark),
  };
}

function runBatch(run: BundleRun): readonly string[] {
  return inOrder(run, (entry) => {
    try {
      return answerText(runEntry(run, entry, noIds));
    } catch (error) {
      // A defect may have left an entry half written, so it undoes the whole batch.
      if (!(error instanceof FhirError)) throw error;
      return failureText(error);
    }
  });
}

const noIds: AssignedIds = new Map();

function runTransaction(run: BundleRun): readonly string[] {
  requireDistinct(run.entries);
  const contents = run.entries.map(({ content }) => content);
  const ids = assignIds(run.service, run.request, contents);
  return inOrder(run, (entry) => {
    try {
      return answerText(runEntry(run, entry, ids));
    } catch (error) {
      if (!(error instanceof FhirError)) throw error;
      const { method, url } = entry;
      const diagnostics = `Transaction failed on '${method}' for the requested url '/${url}'.`;
      throw new FhirError(error.status, [
        { severity: 'error', code: 'processing', diagnostics },
        ...error.issues,
      ]);
    }
  });
}

function inOrder(run: BundleRun, answer: (entry: Entry) => string): readonly string[] {
  const answers = new Array<string>(run.entries.length).fill('{}');
  const order = run.entries
    .map((entry, position) => ({ entry, position, rank: methodOrder.indexOf(entry.method) }))
    .sort((left, right) => left.rank - right.rank || left.position - right.position);
  for (const { entry, position } of order) answers[position] = answer(entry);
  return answers;
}

function runEntry(run: BundleRun, { content, method, url }: Entry, ids: AssignedIds): Reply {
  const failure = run.service.entryFault?.(method, url);
  if (failure !== undefined) throw failure;
  const asked = entryRequest(run.request, content);
  const fullUrl = textAt(content, 'fullUrl') ?? '';
  const body =
    asked.body === undefined
      ? undefined
      : resolveReferences(run.service, run.request, { resource: asked.body, ids });
  const assigned = ids.get(fullUrl);
  // A transaction decided the ids of its creates beforehand, so that other entries can refer to them.
  const decided = assigned?.isNew ? { assignedId: assigned.id } : {};
  return run.dispatch(run.service, { ...asked, ...decided, body });
}

function requireDistinct(entries: readonly Entry[]): void {
  const seen = new Set<string>();
  for (const { method, url } of entries) {
    if (!['PUT', 'PATCH', 'DELETE'].includes(method) || !/^\w+\/[^/]+$/.test(url)) continue;
    if (seen.has(url)) {
      throw badRequest(
        `Bundle contains multiple entries that refer to the same resource '${url}'.`,
      );
    }
    seen.add(url);
  }
}

function answerText(reply: Reply): string {
  const { version, location } = reply;
  const place = location === undefined ? '' : `,"location":${JSON.stringify(location)}`;
  const stamp =
    version === undefined
      ? ''
      : `,"etag":${JSON.stringify(etagOf(version))},"lastModified":"${lastUpdatedOf(version.seq)}"`;
  const response = `{"status":"${reply.status}"${place}${stamp}}`;
  return reply.body
    ? `{"resource":${reply.body},"response":${response}}`
    : `{"response":${response}}`;
}

function failureText(error: FhirError): string {
  return JSON.stringify({
    response: { status: String(error.status), outcome: outcomeResource(error.issues) },
  });
}
