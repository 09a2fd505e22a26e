/** One comparison of a filter; `chain` is read below the filtered item. */
export interface PathCondition {
  readonly chain: readonly (string | number)[];
  readonly test: 'equals' | 'differs' | 'exists' | 'absent';
  readonly literal?: string | number | boolean;
}

export type PathStep =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'choice'; readonly prefix: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'from'; readonly start: number }
  | { readonly kind: 'every' }
  | { readonly kind: 'filter'; readonly conditions: readonly PathCondition[] };

export interface ParsedPath {
  readonly kind: 'path';
  /** Name of the selection that the path starts from; empty for the resource (or array item) itself. */
  readonly selection: string;
  readonly steps: readonly PathStep[];
}

export interface RefusedPath {
  readonly kind: 'refused';
  readonly problem: string;
  readonly remedy: string;
}

const name = String.raw`[A-Za-z_]\w*`;
const chain = String.raw`(?:@\.)?${name}(?:\.${name}|\[\d{1,4}\])*`;
const literal = String.raw`'[^'\\]*'|-?\d+(?:\.\d+)?|true|false`;
const condition = String.raw`!?${chain}(?:\s*(?:==|!=|=)\s*(?:${literal}))?`;
const conditions = String.raw`${condition}(?:\s*&&\s*${condition})*`;

const conditionParts = new RegExp(
  String.raw`(!?)(${chain})(?:\s*(==|!=|=)\s*(${literal}))?(?:\s*&&\s*)?`,
  'g',
);

/** Every form a step may take; nothing else is ever accepted, so no path can hold code. */
const stepForms: readonly (readonly [RegExp, (text: string) => PathStep])[] = [
  [new RegExp(String.raw`\.(${name})\[x\]`, 'y'), (prefix) => ({ kind: 'choice', prefix })],
  [new RegExp(String.raw`\.(${name})`, 'y'), (member) => ({ kind: 'member', name: member })],
  [/\['([^'\\\]]+)'\]/y, (member) => ({ kind: 'member', name: member })],
  [/\[(\d{1,4})\]/y, (index) => ({ kind: 'index', index: Number(index) })],
  [/\[(\d{1,4}):\]/y, (start) => ({ kind: 'from', start: Number(start) })],
  [/\[(\*)\]/y, () => ({ kind: 'every' })],
  [new RegExp(String.raw`\[\?\(\s*(${conditions})\s*\)\]`, 'y'), filterStep],
  [new RegExp(String.raw`\[\?\s*(${conditions})\s*\]`, 'y'), filterStep],
];

/**
 * Parses the path language of map files: a closed subset of JSONPath (RFC 9535
 * spelling where it has one) plus `.value[x]` for FHIR choice elements.
 */
export function parsePath(text: string): ParsedPath | RefusedPath {
  const root = /^\$([A-Za-z]\w*)?/.exec(text);
  if (root === null) {
    return refused('the path does not start with $', 'Start it with $, for example $.birthDate');
  }
  const steps: PathStep[] = [];
  let position = root[0].length;
  while (position < text.length) {
    const next = stepAt(text, position);
    if (next === undefined) return explain(text.slice(position), position);
    steps.push(next.step);
    position = next.end;
  }
  const unsafe = steps.find((step) => step.kind === 'member' && step.name in Object.prototype);
  if (unsafe !== undefined) {
    return refused('the path names a built-in property', 'Name a FHIR element instead');
  }
  return { kind: 'path', selection: root[1] ?? '', steps };
}

function stepAt(
  text: string,
  position: number,
): { readonly step: PathStep; readonly end: number } | undefined {
  for (const [form, build] of stepForms) {
    form.lastIndex = position;
    const match = form.exec(text);
    if (match !== null) return { step: build(match[1] ?? ''), end: form.lastIndex };
  }
  return undefined;
}

function filterStep(body: string): PathStep {
  const parsed: PathCondition[] = [];
  for (const [, negated, chainText = '', operator, literalText] of body.matchAll(conditionParts)) {
    const read = parseChain(chainText);
    if (operator === undefined || literalText === undefined) {
      parsed.push({ chain: read, test: negated === '!' ? 'absent' : 'exists' });
    } else {
      const differs = (operator === '!=') !== (negated === '!');
      parsed.push({
        chain: read,
        test: differs ? 'differs' : 'equals',
        literal: parseLiteral(literalText),
      });
    }
  }
  return { kind: 'filter', conditions: parsed };
}

function parseChain(text: string): readonly (string | number)[] {
  const parts = text.replace(/^@\./, '').matchAll(/([A-Za-z_]\w*)|\[(\d+)\]/g);
  return Array.from(parts, ([, member, index]) => member ?? Number(index));
}

function parseLiteral(text: string): string | number | boolean {
  if (text.startsWith("'")) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number(text);
}

function explain(rest: string, position: number): RefusedPath {
  if (/^\[\??\(/.test(rest) && !/^\[\?\(\s*!?@\./.test(rest)) {
    return refused(
      `a script at character ${position + 1}; map paths are data and are never evaluated`,
      "Select with a filter such as [?(@.use=='official')]",
    );
  }
  if (rest.startsWith('..')) {
    return refused('recursive descent (..)', 'Name each element from the root on');
  }
  if (rest.startsWith('[?')) {
    return refused(
      `a filter at character ${position + 1} that is not a comparison with a constant`,
      "Write [?(@.use=='official')], [?(@.use)], [?(!@.use)], or several joined by &&",
    );
  }
  return refused(
    `text that is not a step at character ${position + 1}`,
    "Use .name, ['name'], .value[x], [0], [1:], [*] or a filter",
  );
}

function refused(problem: string, remedy: string): RefusedPath {
  return { kind: 'refused', problem, remedy };
}
