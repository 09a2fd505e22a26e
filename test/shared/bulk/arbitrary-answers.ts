import fc from 'fast-check';
import { expect } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import type { HttpSend } from '../../../shared/http/index.ts';

/** Whatever a server sends: an ending or an AppError that says where, never a crash, never its text. */

export const canary = 'CANARY';
export const base = 'https://fhir.example';

export const text = fc.oneof(
  fc.constantFrom(
    '',
    canary,
    'https://elsewhere.example/x',
    '/relative',
    'javascript:alert(1)',
    '2026-01-01T00:00:00Z',
    'Patient',
    '-1',
  ),
  fc.string().map((end) => `${canary}${end}`),
);
const leaf = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const names = fc.constantFrom(
  ...[
    'resourceType',
    'transactionTime',
    'requiresAccessToken',
    'output',
    'deleted',
    'error',
    'outcome',
    'link',
    'relation',
  ],
  ...[
    'url',
    'type',
    'count',
    'fileSize',
    'inputUrl',
    'issue',
    'code',
    'details',
    'text',
    'diagnostics',
    'entry',
    'resource',
  ],
  ...[
    'request',
    'response',
    'method',
    'status',
    'search',
    'mode',
    'meta',
    'extension',
    'etag',
    'valueString',
  ],
);
export const tree = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(names, tie('node'), { maxKeys: 6 }),
  ),
})).node;

/** Sound answers with one part replaced, which come further than noise. */
const manifest = {
  transactionTime: '2026-01-01T00:00:00Z',
  requiresAccessToken: true,
  output: [{ type: 'Patient', url: `${base}/f/1`, count: 1 }],
  deleted: [{ url: `${base}/f/2` }],
  error: [],
  link: [{ relation: 'next', url: `${base}/next` }],
};
const result = {
  output: [{ type: 'Patient', count: 1, inputUrl: `${base}/f` }],
  error: [{ type: null, count: 1, inputUrl: `${base}/f`, url: `${base}/e` }],
};
const bundle = {
  resourceType: 'Bundle',
  link: [{ relation: 'next', url: `${base}/next` }],
  entry: [
    { resource: { resourceType: 'Patient', id: 'a' }, response: { status: '200', etag: 'W/"1"' } },
    { request: { method: 'DELETE', url: 'Patient/b' } },
  ],
};
const outcome = {
  resourceType: 'OperationOutcome',
  issue: [
    {
      code: 'exception',
      details: { text: canary },
      diagnostics: `import operation failed for reason: x ErrorFile: ${canary}`,
    },
  ],
};

export const nearly = fc
  .record({
    sound: fc.constantFrom<object>(manifest, result, bundle, outcome),
    path: fc.array(fc.nat()),
    part: tree,
  })
  .map(({ sound, path, part }) => replaced(sound, path, part));

function replaced(value: unknown, path: readonly number[], part: unknown): unknown {
  if (path.length === 0 || typeof value !== 'object' || value === null) return part;
  const keys = Object.keys(value);
  const key = keys[(path[0] ?? 0) % Math.max(keys.length, 1)];
  if (key === undefined) return part;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], path.slice(1), part);
  return copy;
}

const answer = fc.record({
  status: fc.oneof(
    fc.constantFrom(200, 202),
    fc.constantFrom(301, 400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 502, 503, 504),
  ),
  body: fc
    .oneof(nearly, tree)
    .chain((value) =>
      fc.oneof(
        fc.constant(JSON.stringify(value)),
        fc.string(),
        fc.constant(JSON.stringify(value).slice(0, -1)),
      ),
    ),
  headers: fc.dictionary(
    fc.constantFrom(
      'content-location',
      'retry-after',
      'x-progress',
      'x-export-status',
      'expires',
      'location',
    ),
    fc.oneof(
      fc.constantFrom(
        '/_operations/export/1',
        '120',
        '-5',
        '1e9',
        '202 Accepted',
        '500 x',
        'Sun, 01 Mar 2026 11:00:00 GMT',
      ),
      fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
    ),
    { maxKeys: 3 },
  ),
});

/** A bulk of answers, the last one for ever; `send` as a service would give them. */
export function sender(
  answers: readonly { status: number; body: string; headers: Record<string, string> }[],
): HttpSend {
  let turn = 0;
  return async () => {
    const { status, body, headers } = answers[Math.min(turn, answers.length - 1)]!;
    turn += 1;
    return { status, text: body, headers: new Headers(headers) };
  };
}

export async function endsWell(work: () => Promise<unknown>): Promise<void> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) return;
  expect(error).toBeInstanceOf(AppError);
  const { message, details, cause } = error as AppError;
  expect(message.length).toBeGreaterThan(20);
  expect(`${message} ${JSON.stringify(details)} ${cause ?? ''}`).not.toContain(canary);
}

export const answers = fc.array(answer, { minLength: 1, maxLength: 4 });
export const runs = { numRuns: 300 };
