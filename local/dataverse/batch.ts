import type { ApiContext } from './api-context.ts';
import {
  type ApiRequest,
  type ApiResponse,
  detectsDuplicates,
  readPreferences,
} from './api-message.ts';
import { type BatchItem, type BatchRequest, type ChangeSet, readBatch } from './batch-parts.ts';
import { type ItemResponse, type PartResponse, writeBatch } from './batch-response.ts';
import { type Dispatch, errorResponse } from './dispatch.ts';
import type { Model } from './model.ts';
import type { RowReference } from './payload.ts';
import { DataverseError } from './protocol-error.ts';
import { callerOf } from './security/caller.ts';
import type { WriteResult } from './write-rows.ts';

/** A fault asks for the connection to be cut in the middle of a batch. */
export class TornBatch extends Error {
  override readonly name = 'TornBatch';
}

type Ending =
  | { readonly kind: 'whole'; readonly items: readonly ItemResponse[]; readonly failed: number }
  | { readonly kind: 'torn' };

function statusOf(item: ItemResponse): number {
  return item.kind === 'request' ? item.part.response.status : 200;
}

/** `$1` and `$1/parentcustomerid/$ref` mean the row that part 1 made. */
function withReference(
  request: ApiRequest,
  references: ReadonlyMap<string, RowReference>,
): ApiRequest {
  const match = /^(\$[^/]+)(.*)$/.exec(request.path);
  const name = match?.[1] ?? '';
  if (match === null || name === '$metadata' || name === '$batch') {
    return request;
  }
  const known = references.get(name);
  if (known === undefined) {
    throw new DataverseError(
      400,
      '0x80060888',
      `Content-ID Reference: '${name}' does not exist in the batch context.`,
    );
  }
  return { ...request, path: `${known.table.entitySet}(${known.id})${match[2]}` };
}

/** Headers of a part count for that part (facts A4): whom it acts for, and duplicate detection. */
function forPart(
  context: ApiContext,
  request: ApiRequest,
  references: ReadonlyMap<string, RowReference>,
): ApiContext {
  const { headers } = request;
  const isOther = headers['callerobjectid'] !== undefined || headers['mscrmcallerid'] !== undefined;
  const { authorization } = context;
  const caller = isOther
    ? callerOf(context, { ...headers, ...(authorization === undefined ? {} : { authorization }) })
    : context.caller;
  return { ...context, references, caller, detectsDuplicates: detectsDuplicates(headers) };
}

function isElastic({ requests }: ChangeSet, model: Model): boolean {
  const types = requests.map(({ request }) => {
    const [, name = ''] = /^([^(/]*)/.exec(request.path) ?? [];
    return name.startsWith('$') ? undefined : model.entitySets.get(name)?.type;
  });
  return types.includes('Elastic') && types.every((type) => (type ?? 'Elastic') === 'Elastic');
}

class BatchRun {
  readonly #context: ApiContext;
  readonly #dispatch: Dispatch;

  constructor(context: ApiContext, run: Dispatch) {
    this.#context = context;
    this.#dispatch = run;
  }

  run(items: readonly BatchItem[], continuesOnError: boolean): Ending {
    const answered: ItemResponse[] = [];
    for (const item of items) {
      try {
        answered.push(item.kind === 'request' ? this.#single(item) : this.#changeSet(item));
      } catch (error) {
        if (error instanceof TornBatch) {
          return { kind: 'torn' };
        }
        throw error;
      }
      const status = statusOf(answered.at(-1) ?? { kind: 'changeset', parts: [] });
      if (status >= 400 && !continuesOnError) {
        return { kind: 'whole', items: answered, failed: status };
      }
    }
    return { kind: 'whole', items: answered, failed: 200 };
  }

  #single(item: BatchRequest): ItemResponse {
    const { contentId } = item;
    try {
      const { response } = this.#call(item, new Map());
      return { kind: 'request', part: { contentId, response } };
    } catch (error) {
      return this.#failure(error, item);
    }
  }

  #changeSet(set: ChangeSet): ItemResponse {
    const references = new Map<string, RowReference>();
    let current: BatchRequest | undefined;
    try {
      const parts = this.#whole(set, () =>
        set.requests.map((item): PartResponse => {
          current = item;
          const { response, reference } = this.#call(item, references);
          if (response.status >= 400) {
            throw new DataverseError(response.status, '0x0', response.body);
          }
          if (item.contentId !== undefined && reference !== undefined) {
            references.set(`$${item.contentId}`, reference);
          }
          return { contentId: item.contentId, response };
        }),
      );
      return { kind: 'changeset', parts };
    } catch (error) {
      return this.#failure(error, current);
    }
  }

  /** A change set undoes what it wrote when a part fails, but not in elastic tables (facts A11). */
  #whole<T>(set: ChangeSet, steps: () => T): T {
    const { store, model } = this.#context;
    return isElastic(set, model) ? steps() : store.atomic(steps);
  }

  #failure(error: unknown, item: BatchRequest | undefined): ItemResponse {
    // What is no protocol error may have written half a row: it undoes the whole batch.
    if (!(error instanceof DataverseError)) {
      throw error;
    }
    const response = errorResponse(error, item?.request.headers['prefer']);
    return { kind: 'request', part: { contentId: item?.contentId, response } };
  }

  #call(item: BatchRequest, references: ReadonlyMap<string, RowReference>): WriteResult {
    if (item.request.path.startsWith('$batch')) {
      throw new DataverseError(400, '0x80060888', 'A batch cannot hold a batch.');
    }
    const request = withReference(item.request, references);
    return this.#dispatch(forPart(this.#context, request, references), request);
  }
}

/**
 * Runs a `$batch` in one database transaction, every request and change set in
 * a savepoint of its own. Without `odata.continue-on-error` it stops at the
 * first failure and takes that status as its own (facts A4). Undefined: a
 * fault cut the connection; what ran before it stays written.
 */
export function runBatch(
  context: ApiContext,
  request: ApiRequest,
  run: Dispatch,
): ApiResponse | undefined {
  const items = readBatch(request.body, request.headers['content-type']);
  const { continueOnError } = readPreferences(request.headers['prefer']);
  const ending = context.store.atomic(() => new BatchRun(context, run).run(items, continueOnError));
  return ending.kind === 'torn' ? undefined : writeBatch(ending.failed, ending.items);
}
