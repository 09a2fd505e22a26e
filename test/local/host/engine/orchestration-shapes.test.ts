import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Shapes that hang or corrupt on the real host and that the text of an
 * orchestration gives away (refused-shape.ts has the table; facts durable-host
 * 3.2). The engine refuses them at run time as well.
 */
interface Shape {
  readonly code: string;
  readonly pattern: RegExp;
}

/** Comments and the inside of strings out of the way, lines kept. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));
}

const shapes: readonly Shape[] = [
  { code: 'RETRY_TIMEOUT', pattern: /retryTimeoutInMilliseconds/g },
  { code: 'NUMERIC_EVENT_NAME', pattern: /waitForExternalEvent(?:<[^>]*>)?\(\s*['"`]\d+['"`]/g },
  { code: 'CHILD_ID_IN_USE', pattern: /instanceId:\s*context\.df\.(?:parentI|i)nstanceId\b/g },
  {
    code: 'CHILD_ID_IN_USE',
    pattern: /callSubOrchestrator\w*\([^)]*,\s*context\.df\.(?:parentI|i)nstanceId\s*\)/g,
  },
  { code: 'NOTHING_TO_WAIT_FOR', pattern: /\bthrow\s+(?!new\b|error\b|problem\b|[a-z]\w*\()/g },
  { code: 'TEXT_TO_CONTINUE_WITH', pattern: /continueAsNew\(\s*['"`]/g },
  { code: 'RETRY_LEFT_BEHIND', pattern: /Task\.a(?:ll|ny)\([^;]*WithRetry\(/g },
  { code: 'RETRY_LEFT_BEHIND', pattern: /call(?:Activity|SubOrchestrator)WithRetry/g },
  {
    code: 'NOT_DETERMINISTIC',
    pattern: /\bDate\.now\(|new Date\(\s*\)|Math\.random\(|randomUUID\(|performance\.now\(/g,
  },
  { code: 'NOT_DETERMINISTIC', pattern: /\bsetTimeout\(|\bfetch\(|process\.env\b|\bawait\b/g },
];

/** The one place that wraps the SDK's calls with a retry. */
const adaptor = 'steps.ts';

interface Retried {
  readonly begin: number;
  readonly end: number;
  readonly names: readonly string[];
}

/** Names that a function binds to retried steps, with the function's place in the text. */
function retriedSteps(code: string): readonly Retried[] {
  const starts = [...code.matchAll(/^(?:export )?(?:async )?function\b/gm)].map(
    ({ index }) => index,
  );
  return starts.flatMap((begin, i) => {
    const end = starts[i + 1] ?? code.length;
    const bound = [
      ...code.slice(begin, end).matchAll(/const (\w+|\{[^}]*\}) = stepsOf\b/g),
    ].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
    return bound.length === 0 ? [] : [{ begin, end, names: bound }];
  });
}

/** A retried step that is not yielded alone. */
function retriesBeside(code: string): readonly number[] {
  return retriedSteps(code).flatMap(({ begin, end, names }) => {
    const use = new RegExp(`(?<!yield\\* )\\b(?:${names.join('|')})(?:\\.\\w+)?\\(`, 'g');
    return [...code.slice(begin, end).matchAll(use)].map(({ index }) => begin + index);
  });
}

/** "code file:line" of every shape in an orchestration's text. */
function shapesIn(file: string, text: string): readonly string[] {
  const code = codeOf(text);
  const found = shapes
    .filter(({ pattern }) => file !== adaptor || !pattern.source.startsWith('call'))
    .flatMap((shape) =>
      [...code.matchAll(shape.pattern)].map((m) => [shape.code, m.index] as const),
    );
  const beside = retriesBeside(code).map((at) => ['RETRY_LEFT_BEHIND', at] as const);
  return [...found, ...beside].map(
    ([name, at]) => `${name} ${file}:${code.slice(0, at).split('\n').length}`,
  );
}

const folder = join(
  dirname(fileURLToPath(import.meta.url)),
  ...['..', '..', '..', '..', 'orchestrations'],
);

test('no orchestration of the app has a shape that hangs or corrupts on the real host', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  expect(files).toContain('sync-changes.ts');
  const found = files.flatMap((file) => shapesIn(file, readFileSync(join(folder, file), 'utf8')));
  expect(found).toEqual([]);
});

test.each([
  ['RETRY_TIMEOUT', 'retry.retryTimeoutInMilliseconds = 500;'],
  ['NUMERIC_EVENT_NAME', "yield context.df.waitForExternalEvent('7');"],
  ['CHILD_ID_IN_USE', 'child(context, { name, input, instanceId: context.df.instanceId });'],
  ['CHILD_ID_IN_USE', "context.df.callSubOrchestrator('c', {}, context.df.instanceId)"],
  ['NOTHING_TO_WAIT_FOR', 'throw undefined;'],
  ['NOTHING_TO_WAIT_FOR', "throw 'a text';"],
  ['TEXT_TO_CONTINUE_WITH', "context.df.continueAsNew('again');"],
  ['RETRY_LEFT_BEHIND', "yield context.df.callActivityWithRetry('a', policy, {});"],
  [
    'RETRY_LEFT_BEHIND',
    'function* story(context) {\n  const { read } = stepsOf<A>(context, policy);\n  yield* all(context, ids.map((id) => read({ id })));\n}',
  ],
  [
    'RETRY_LEFT_BEHIND',
    'function* story(context) {\n  const steps = stepsOf<A>(context, policy);\n  yield context.df.Task.any([steps.read({}), timer]);\n}',
  ],
  ['NOT_DETERMINISTIC', 'const now = Date.now();'],
  ['NOT_DETERMINISTIC', 'const answer = await read();'],
])('%s is found in an orchestration', (code, text) => {
  expect(shapesIn('story.ts', text).map((found) => found.split(' ')[0])).toContain(code);
});

test('a retry that is yielded alone, and words in comments, are left alone', () => {
  const text = [
    '// Math.random() and retryTimeoutInMilliseconds are never used.',
    'function* story(context) {',
    '  const steps = stepsOf<A>(context, policy);',
    '  const read = yield* steps.read({ at: new Date(context.df.currentUtcDateTime) });',
    '  if (read.failed) throw new TypeError("no");',
    '}',
  ];
  expect(shapesIn('story.ts', text.join('\n'))).toEqual([]);
});
