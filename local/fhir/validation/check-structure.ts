import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import type { Issue } from '../outcome.ts';
import { type ElementShape, shapeOf, type TypeShape } from './shape.ts';

/** Enough to mend a resource; more would only be noise. */
const maximumIssues = 20;

/**
 * Checks a resource against the R4 JSON schema: unknown elements, missing
 * required complex elements, arrays where they belong, primitive patterns and
 * codes of required bindings. Invariants and profiles are $validate's.
 */
export function checkStructure(resource: JsonObject): readonly Issue[] {
  const type = resource['resourceType'];
  const issues: Issue[] = [];
  if (typeof type !== 'string') return [problem('resourceType', 'is missing')];
  checkObject(resource, shapeOf(type), { names: [type], issues });
  return issues;
}

/** Where the check is; the path is put together only when there is something to say. */
interface Place {
  readonly names: string[];
  readonly issues: Issue[];
}

function problem(path: string, text: string): Issue {
  return {
    severity: 'error',
    code: 'structure',
    diagnostics: `${path} ${text}.`,
    expression: [path],
  };
}

function report({ names, issues }: Place, text: string, below?: string): void {
  if (issues.length >= maximumIssues) return;
  issues.push(problem((below === undefined ? names : [...names, below]).join('.'), text));
}

function checkObject(value: JsonObject, shape: TypeShape | undefined, place: Place): void {
  if (shape === undefined) {
    report(place, 'is of a type that R4 does not know');
    return;
  }
  for (const name in value) {
    const child = value[name];
    if (child === undefined) continue;
    const element = shape.elements.get(name);
    if (element === undefined) {
      report(place, 'is no element of R4', name);
      continue;
    }
    place.names.push(name);
    checkElement(child, element, place);
    place.names.pop();
  }
  for (const name of shape.required) {
    if (value[name] === undefined) report(place, 'is required', name);
  }
}

function checkElement(value: Json, element: ElementShape, place: Place): void {
  if (!element.isArray) {
    checkOne(value, element, place);
    return;
  }
  if (!isArray(value)) {
    report(place, 'must be an array');
    return;
  }
  if (value.length === 0) report(place, 'must not be an empty array');
  for (const item of value) {
    // Arrays of primitives are padded with null where only the sibling array has content.
    if (item === null && element.kind !== 'object') continue;
    if (item === null && element.isExtensionSibling) continue;
    checkOne(item, element, place);
  }
}

function checkOne(value: Json, element: ElementShape, place: Place): void {
  switch (element.kind) {
    case 'object':
      if (!isObject(value)) report(place, 'must be an object');
      else if (isEmpty(value)) report(place, 'must not be empty');
      else checkObject(value, shapeOf(element.type), place);
      return;
    case 'resource':
      checkContained(value, place);
      return;
    case 'primitive':
      if (!element.accepts(value)) report(place, element.rule);
  }
}

function checkContained(value: Json, place: Place): void {
  const type = isObject(value) ? value['resourceType'] : undefined;
  if (!isObject(value) || typeof type !== 'string') {
    report(place, 'must be a resource with resourceType');
    return;
  }
  checkObject(value, shapeOf(type), place);
}

function isEmpty(value: JsonObject): boolean {
  for (const _name in value) return false;
  return true;
}
