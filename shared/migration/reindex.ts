import { z } from 'zod';
import { AppError } from '../errors.ts';
import { callFailure } from '../fhir/index.ts';
import type { HttpResponse } from '../http/index.ts';

/**
 * Making search parameters usable: a service as Azure has it indexes new values by a new search
 * parameter, but finds nothing by it before a reindex ended (facts/migration.md §2.4).
 */
export interface Reindex {
  /** `Enabled`, `Supported` …; undefined where a service keeps no status or does not know the URL. */
  searchParameterStatus(canonical: string): Promise<string | undefined>;
  /**
   * Starts a reindex of everything, or finds the one that is under way: there is one at a time.
   * @returns the path of the job; undefined where a service has no `$reindex`
   */
  startReindex(): Promise<string | undefined>;
  /** Is the job still at work? One that the service no longer knows is not. */
  isReindexing(job: string): Promise<boolean>;
}

type Call = (method: string, path: string, body?: string) => Promise<HttpResponse>;

const statusAnswer = z.object({
  parameter: z.array(
    z.object({
      part: z.array(z.object({ name: z.string(), valueString: z.string().optional() })).optional(),
    }),
  ),
});
const jobAnswer = z.object({
  parameter: z.array(z.object({ name: z.string(), valueString: z.string().optional() })),
});

/** What says that a service does not have an operation, or not for this. */
const lacking: readonly number[] = [400, 404, 405, 501];
const atWork: readonly string[] = ['Queued', 'Running', 'Created'];
const plainReindex = JSON.stringify({ resourceType: 'Parameters', parameter: [] });

export function createReindex(call: Call): Reindex {
  return {
    async searchParameterStatus(canonical) {
      const path = `SearchParameter/$status?url=${encodeURIComponent(canonical)}`;
      const answer = await call('GET', path);
      if (lacking.includes(answer.status)) return undefined;
      if (answer.status !== 200) throw callFailure(answer.status, 'asking for search parameters');
      const [found] = read(statusAnswer, answer.text).parameter;
      return found?.part?.find(({ name }) => name === 'status')?.valueString;
    },
    async startReindex() {
      const answer = await call('POST', '$reindex', plainReindex);
      if (lacking.includes(answer.status)) return undefined;
      if (answer.status !== 200 && answer.status !== 201) {
        throw callFailure(answer.status, 'starting a reindex');
      }
      const { parameter } = read(jobAnswer, answer.text);
      const id = parameter.find(({ name }) => name === 'id')?.valueString;
      const location = answer.headers.get('content-location') ?? `/${id ?? ''}`;
      return `_operations/reindex/${encodeURIComponent(location.split('/').at(-1) ?? '')}`;
    },
    async isReindexing(job) {
      const answer = await call('GET', job);
      if (lacking.includes(answer.status)) return false;
      if (answer.status !== 200) throw callFailure(answer.status, 'looking at a reindex');
      const { parameter } = read(jobAnswer, answer.text);
      const status = parameter.find(({ name }) => name === 'status')?.valueString;
      return atWork.includes(status ?? '');
    },
  };
}

function read<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('RESPONSE_UNREADABLE', 'a reindex was answered in no known form', { cause });
  }
}
