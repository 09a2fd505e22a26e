import { z } from 'zod';
import { isResourceType } from '../../definitions.ts';
import { badRequest } from '../../outcome.ts';

const methods = ['keep', 'redact', 'cryptoHash', 'dateShift'] as const;

export type AnonymizationMethod = (typeof methods)[number];

/** The part of a configuration of the FHIR Tools for Anonymization that is obeyed here. */
const configSchema = z.object({
  fhirPathRules: z
    .array(z.object({ path: z.string(), method: z.string() }))
    .min(1, 'There must be at least one rule.'),
  parameters: z
    .object({
      dateShiftKey: z.string().default(''),
      dateShiftScope: z.string().default('resource'),
      cryptoHashKey: z.string().default(''),
      enablePartialDatesForRedact: z.boolean().default(false),
    })
    .default({
      dateShiftKey: '',
      dateShiftScope: 'resource',
      cryptoHashKey: '',
      enablePartialDatesForRedact: false,
    }),
});

export interface AnonymizationRule {
  readonly method: AnonymizationMethod;
  readonly matches: (place: ElementPlace) => boolean;
}

/** Where an element stands in its resource. */
export interface ElementPlace {
  /** Names from the resource type on, without indexes, such as `Patient.name.family`. */
  readonly path: string;
  /** As `path`, with `Resource` in place of the type. */
  readonly genericPath: string;
  readonly name: string;
  /** FHIR type of the element; empty when the schema does not tell. */
  readonly type: string;
  /** Places of the elements around it, the innermost last. */
  readonly parents: readonly ElementPlace[];
}

export interface AnonymizationConfig {
  readonly rules: readonly AnonymizationRule[];
  readonly parameters: z.infer<typeof configSchema>['parameters'];
}

/**
 * Reads a configuration. Paths are element paths (`Patient.name`, `Resource.id`),
 * `nodesByType('HumanName')` and `nodesByName('family')`, the latter two also with
 * elements behind them. Throws 400 for anything else.
 */
export function parseConfig(text: string, name: string): AnonymizationConfig {
  const parsed = configSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw badRequest(
      `Failed to parse configuration file '${name}': ${z.prettifyError(parsed.error)}`,
    );
  }
  const rules = parsed.data.fhirPathRules.map(({ path, method }) => ({
    method: methodOf(method),
    matches: matcherOf(path),
  }));
  return { rules, parameters: parsed.data.parameters };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function methodOf(name: string): AnonymizationMethod {
  const method = methods.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (method !== undefined) return method;
  throw badRequest(
    `The anonymization method '${name}' is not supported here; use ${methods.join(', ')}.`,
  );
}

const byNode = /^(?:Resource\.)?nodesBy(Type|Name)\('(\w+)'\)((?:\.\w+)*)$/;

function matcherOf(path: string): AnonymizationRule['matches'] {
  const node = byNode.exec(path);
  if (node !== null) return nodeMatcher(node);
  const [head = '', ...rest] = path.split('.');
  const isPath = rest.every((part) => /^\w+$/.test(part));
  if (!isPath || (head !== 'Resource' && !isResourceType(head))) {
    throw badRequest(
      `The anonymization path '${path}' is not supported here; use Type.element, Resource.element, nodesByType('Type') or nodesByName('name').`,
    );
  }
  return ({ path: own, genericPath }) => own === path || genericPath === path;
}

function nodeMatcher([
  ,
  kind,
  wanted = '',
  rest = '',
]: RegExpExecArray): AnonymizationRule['matches'] {
  const depth = rest.split('.').length - 1;
  return (place) => {
    const anchor = depth === 0 ? place : place.parents.at(-depth);
    if (anchor === undefined || `${anchor.path}${rest}` !== place.path) return false;
    return (kind === 'Type' ? anchor.type : anchor.name) === wanted;
  };
}
