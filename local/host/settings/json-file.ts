import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { HostError } from '../host-error.ts';
import { firstJsonProblem } from './json-problem.ts';

/**
 * Reads a JSON file, comments allowed as in Azure's own files, and checks its shape.
 * @returns undefined when there is no such file.
 * @throws HostError SETTINGS_INVALID naming the file and the place; never the values, they may be secrets.
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const text = withoutComments(readFileSync(path, 'utf8'));
  const parsed = schema.safeParse(parse(path, text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the document'}: ${issue.message}`,
  );
  throw new HostError('SETTINGS_INVALID', `${path} is not usable: ${problems.join('; ')}.`);
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // JSON.parse quotes the text it failed on, so its message is not passed on.
    const offset = firstJsonProblem(text) ?? text.length;
    const before = text.slice(0, offset).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new HostError(
      'SETTINGS_INVALID',
      `${path} is not valid JSON at line ${before.length}, column ${column}.`,
    );
  }
}

/** Blanks comments and a byte order mark; every other character keeps its place. */
function withoutComments(text: string): string {
  const pattern = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^\uFEFF/g;
  return text.replace(pattern, (match) =>
    match.startsWith('"') ? match : match.replace(/[^\n]/g, ' '),
  );
}
