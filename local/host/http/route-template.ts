import { HostError } from '../host-error.ts';
import { type Constraint, parseConstraint } from './route-constraint.ts';

interface Parameter {
  readonly kind: 'parameter';
  readonly name: string;
  readonly catchAll: boolean;
  readonly optional: boolean;
  readonly defaultValue: string | undefined;
  readonly constraints: readonly Constraint[];
}

/** One piece of a route segment, in the order written. */
type Part = { readonly kind: 'literal'; readonly text: string } | Parameter;

export interface RouteTemplate {
  /** Lower comes first: literal before constrained before free before catch-all, segment by segment. */
  readonly precedence: string;
  /** Parameters by name when the path (without leading or trailing slash) fits. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

/**
 * Compiles an ASP.NET route template as Azure Functions uses it:
 * `patients/{id:int?}`, `files/{name}.json`, `{*rest}`.
 * @throws HostError FUNCTION_INVALID
 */
export function compileRoute(template: string): RouteTemplate {
  const segments = splitSegments(template).map((segment) => partsOf(segment, template));
  const pattern = new RegExp(`^${segments.map(segmentPattern).join('')}$`, 'i');
  const parameters = segments.flat().filter((part) => part.kind === 'parameter');
  return {
    precedence: segments.map(segmentPrecedence).join(''),
    match(path) {
      const found = pattern.exec(path === '' ? '' : `/${path}`);
      if (found === null) return undefined;
      return readParameters(parameters, found);
    },
  };
}

/** Undefined when a constraint does not hold: the path then fits another route or none. */
function readParameters(
  parameters: readonly Parameter[],
  found: RegExpExecArray,
): Readonly<Record<string, string>> | undefined {
  const values: Record<string, string> = {};
  for (const [index, parameter] of parameters.entries()) {
    const raw = found[index + 1];
    const value = raw === undefined ? parameter.defaultValue : decodeSegment(raw);
    if (raw !== undefined && !accepts(parameter, value ?? '')) return undefined;
    if (value !== undefined && value !== '') values[parameter.name] = value;
  }
  return values;
}

function accepts({ constraints }: Parameter, value: string): boolean {
  return constraints.every((fits) => fits(value));
}

function splitSegments(template: string): string[] {
  const trimmed = template.replace(/^\/+|\/+$/g, '');
  // A slash inside braces belongs to a regex constraint.
  return trimmed === '' ? [] : (trimmed.match(/(?:\{(?:[^{}]|\{\{|\}\})*\}|[^/])+/g) ?? []);
}

function partsOf(segment: string, template: string): Part[] {
  const parts: Part[] = [];
  for (const [text] of segment.matchAll(/\{(?:[^{}]|\{\{|\}\})*\}|[^{]+|\{/g)) {
    if (text === '{') {
      throw new HostError(
        'FUNCTION_INVALID',
        `Route "${template}" has a brace that is not closed.`,
      );
    }
    parts.push(
      text.startsWith('{') ? parameterOf(text.slice(1, -1), template) : { kind: 'literal', text },
    );
  }
  return parts;
}

function parameterOf(text: string, template: string): Part {
  const match =
    /^(\*{0,2})([A-Za-z_][\w-]*)((?::(?:[^:()=?]+(?:\((?:[^()]|\([^()]*\))*\))?))*)(?:=([^?]*))?(\?)?$/.exec(
      text.replaceAll('{{', '{').replaceAll('}}', '}'),
    );
  if (match === null) {
    throw new HostError(
      'FUNCTION_INVALID',
      `Route "${template}" has a parameter that cannot be read: {${text}}.`,
    );
  }
  const [, stars = '', name = '', constraints = '', defaultValue, optional] = match;
  return {
    kind: 'parameter',
    name,
    catchAll: stars !== '',
    optional: optional !== undefined || defaultValue !== undefined || stars !== '',
    defaultValue,
    constraints: [...constraints.matchAll(/:([^:()]+(?:\((?:[^()]|\([^()]*\))*\))?)/g)].map(
      ([, constraint = '']) => parseConstraint(constraint, template),
    ),
  };
}

function segmentPattern(parts: readonly Part[]): string {
  const only = parts.length === 1 ? parts[0] : undefined;
  if (only?.kind === 'parameter') {
    if (only.catchAll) return '(?:/(.*))?';
    return only.optional ? '(?:/([^/]+))?' : '/([^/]+)';
  }
  return `/${parts.map((part) => (part.kind === 'literal' ? escapeText(part.text) : '([^/]+?)')).join('')}`;
}

function segmentPrecedence(parts: readonly Part[]): string {
  const [first] = parts;
  if (parts.length > 1) return '2';
  if (first?.kind !== 'parameter') return '1';
  const constrained = first.constraints.length > 0;
  if (first.catchAll) return constrained ? '4' : '5';
  return constrained ? '2' : '3';
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** An encoded slash stays encoded, as on Azure; a broken escape is left as it came. */
function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%2f/gi, '%252F'));
  } catch {
    return text;
  }
}
