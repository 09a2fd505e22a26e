import type { Complain } from './map-file-problem.ts';
import { parsePath } from './path-syntax.ts';

/** Complains about a path that cannot be compiled or that starts from an unknown selection. */
export function checkPath(
  text: string,
  pointer: string,
  selections: ReadonlySet<string>,
  complain: Complain,
): void {
  const parsed = parsePath(text);
  if (parsed.kind === 'refused') {
    complain(pointer, `the path ${text} has ${parsed.problem}`, parsed.remedy);
  } else if (parsed.selection !== '' && !selections.has(parsed.selection)) {
    complain(
      pointer,
      `the path ${text} starts from $${parsed.selection}, which is not selected`,
      'Add it to "select", or start the path with $.',
    );
  }
}
