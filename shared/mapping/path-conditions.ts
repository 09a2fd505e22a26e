import { type PathCondition, parsePath, type RefusedPath } from './path-syntax.ts';

/** Parses what may stand in a filter, such as `status=='final' && !valueQuantity`. */
export function parseConditions(
  text: string,
): { readonly kind: 'conditions'; readonly conditions: readonly PathCondition[] } | RefusedPath {
  const parsed = parsePath(`$[?(${text})]`);
  const [filter] = parsed.kind === 'path' ? parsed.steps : [];
  if (parsed.kind === 'path' && parsed.steps.length === 1 && filter?.kind === 'filter') {
    return { kind: 'conditions', conditions: filter.conditions };
  }
  return {
    kind: 'refused',
    problem: 'conditions that are not comparisons with constants',
    remedy: "Write status=='final', valueQuantity, !valueQuantity, or several joined by &&",
  };
}
