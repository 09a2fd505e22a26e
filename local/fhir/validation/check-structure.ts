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
  checkObject(resource, shapeOf(type), { path: type, issues });
  return issues;
}

interface Place {
  readonly path: string;
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

function report({ issues }: Place, path: string, text: string): void {
  if (issues.length < maximumIssues) issues.push(problem(path, text));
}

function checkObject(value: JsonObject, shape: TypeShape | undefined, place: Place): void {
  if (shape === undefined) {
    report(place, place.path, 'is of a type that R4 does not know');
    return;
  }
  for (const name in value) {
    const child = value[name];
    if (child === undefined) continue;
    const element = shape.elements.get(name);
    if (element === undefined) report(place, `${place.path}.${name}`, 'is no element of R4');
    else checkElement(child, element, { path: `${place.path}.${name}`, issues: place.issues });
  }
  for (const name of shape.required) {
    if (value[name] === undefined) report(place, `${place.path}.${name}`, 'is required');
  }
}

function checkElement(value: Json, element: ElementShape, place: Place): void {
  if (!element.isArray) {
    checkOne(value, element, place);
    return;
  }
  if (!isArray(value)) {
    report(place, place.path, 'must be an array');
    return;
  }
  if (value.length === 0) report(place, place.path, 'must not be an empty array');
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
      if (!isObject(value)) report(place, place.path, 'must be an object');
      else if (Object.keys(value).length === 0) report(place, place.path, 'must not be empty');
      else checkObject(value, shapeOf(element.type), place);
      return;
    case 'resource':
      checkContained(value, place);
      return;
    case 'primitive':
      if (!element.accepts(value)) report(place, place.path, element.rule);
  }
}

function checkContained(value: Json, place: Place): void {
  const type = isObject(value) ? value['resourceType'] : undefined;
  if (!isObject(value) || typeof type !== 'string') {
    report(place, place.path, 'must be a resource with resourceType');
    return;
  }
  checkObject(value, shapeOf(type), { path: place.path, issues: place.issues });
}
