import type { DatabaseSync } from 'node:sqlite';

/** Dataverse compares text without regard to case; this is the form compared. */
export function fold(text: string): string {
  return text.toLowerCase();
}

const compiled = new Map<string, RegExp>();

function wildcardPiece(piece: string): string {
  if (piece === '%') {
    return '.*';
  }
  if (piece === '_') {
    return '.';
  }
  if (piece.length > 2 && piece.startsWith('[')) {
    const inner = piece.slice(1, -1).replace(/[\\\]]/g, '\\$&');
    return `[${inner}]`;
  }
  return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function compile(pattern: string): RegExp {
  const pieces = pattern.match(/\[\^?[^\]]+\]|[\s\S]/g) ?? [];
  return new RegExp(`^${pieces.map(wildcardPiece).join('')}$`, 'is');
}

/**
 * SQL `LIKE` as SQL Server has it: `%` any text, `_` one character, `[a-c]` and
 * `[^a-c]` sets; no regard to case (Microsoft page "Use wildcard characters in
 * conditions using string values").
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    if (compiled.size > 500) {
      compiled.clear();
    }
    expression = compile(pattern);
    compiled.set(pattern, expression);
  }
  return expression.test(text);
}

/** Makes `fold(text)` and `matches(text, pattern)` known to SQL. */
export function registerTextFunctions(database: DatabaseSync): void {
  const options = { deterministic: true } as const;
  database.function('fold', options, (text) => (typeof text === 'string' ? fold(text) : text));
  database.function('matches', options, (text, pattern) =>
    typeof text === 'string' && matchesPattern(text, String(pattern)) ? 1 : 0,
  );
}
