import type { JsonObject } from '../json.ts';
import { badRequest, type FhirError } from '../outcome.ts';
import { changedAt, type Element, elementsAt, objectAtPointer, withElements } from './element.ts';
import { partValue } from './part-value.ts';
import { childNames, pointerOf, selectTargets, type Target, typeOf } from './path-targets.ts';
import { type PatchOperation, readPatchOperations } from './read-operations.ts';

/**
 * Applies a FHIRPath Patch to a resource and returns the result (FHIR R4
 * fhirpatch; what that leaves open is as in the open-source FHIR service behind
 * Azure). Elements that no operation names stay as they are.
 *
 * @throws FhirError 400 with the path and operation that cannot be applied
 */
export function applyFhirPathPatch(resource: JsonObject, parameters: JsonObject): JsonObject {
  return readPatchOperations(parameters).reduce(applyOperation, resource);
}

function applyOperation(resource: JsonObject, operation: PatchOperation): JsonObject {
  const targets = selectTargets(resource, operation.path);
  switch (operation.kind) {
    case 'add':
      return add(resource, operation, targets);
    case 'upsert':
      return upsert(resource, operation, targets);
    case 'replace':
      return replace(resource, operation, only(operation, some(operation, targets)));
    case 'delete':
      return targets.length === 0 ? resource : remove(resource, only(operation, targets));
    case 'insert':
      return insert(resource, operation, sameList(operation, targets));
    case 'move':
      return move(resource, operation, sameList(operation, targets));
  }
}

function failure(operation: PatchOperation, problem: string): FhirError {
  return badRequest(
    `${problem} at ${operation.path} when processing patch ${operation.kind} operation.`,
  );
}

function some(operation: PatchOperation, targets: readonly Target[]): readonly Target[] {
  if (targets.length === 0) throw failure(operation, 'No content found');
  return targets;
}

function only(operation: PatchOperation, targets: readonly Target[]): Target {
  const [target] = targets;
  if (target !== undefined && targets.length === 1) return target;
  throw failure(operation, 'Multiple elements or collection found');
}

/** The first target, when all are elements of one list. */
function sameList(operation: PatchOperation, targets: readonly Target[]): Target {
  const [first, ...others] = some(operation, targets);
  const place = (target: Target) => JSON.stringify([target.holder, target.name]);
  if (first !== undefined) {
    const one = others.every((other) => other.isList && place(other) === place(first));
    if (one) return first;
  }
  throw failure(operation, 'Multiple elements found');
}

function add(
  resource: JsonObject,
  operation: PatchOperation,
  targets: readonly Target[],
): JsonObject {
  const target = sameList(operation, targets);
  const { name = '', value = {} } = operation;
  const holder = objectAtPointer(resource, pointerOf(target));
  const { property, isList, element } = partValue(typeOf(target), name, value);
  const present = childNames(target, name).some((child) => elementsAt(holder, child).length > 0);
  if (present && !isList) throw failure(operation, `Existing element ${name} found`);
  return changedAt(resource, pointerOf(target), (object) =>
    withElements(object, property, {
      elements: [...elementsAt(object, property), element],
      isList,
    }),
  );
}

function upsert(
  resource: JsonObject,
  operation: PatchOperation,
  targets: readonly Target[],
): JsonObject {
  const target = sameList(operation, targets);
  const path = `${operation.path}.${operation.name ?? ''}`;
  const holder = objectAtPointer(resource, pointerOf(target));
  const present = childNames(target, operation.name ?? '').some(
    (child) => elementsAt(holder, child).length > 0,
  );
  if (!present) return add(resource, operation, targets);
  return replace(resource, operation, only(operation, selectTargets(resource, path)));
}

function replace(resource: JsonObject, operation: PatchOperation, target: Target): JsonObject {
  if (target.holder === undefined)
    throw failure(operation, 'The resource itself cannot be replaced');
  const { property, element } = partValue(target.holderType, target.asked, operation.value ?? {});
  // A choice may get a value of another type, which is another property in JSON.
  const cleared = property === target.name ? resource : remove(resource, target);
  return changedAt(cleared, target.holder, (object) => {
    const elements = elementsAt(object, property);
    const next = target.isList ? elements.toSpliced(target.index, 1, element) : [element];
    return withElements(object, property, { elements: next, isList: target.isList });
  });
}

function remove(resource: JsonObject, target: Target): JsonObject {
  return changedAt(resource, target.holder ?? [], (object) => {
    const elements = elementsAt(object, target.name).toSpliced(target.index, 1);
    return withElements(object, target.name, { elements, isList: target.isList });
  });
}

function insert(resource: JsonObject, operation: PatchOperation, target: Target): JsonObject {
  const { index = 0, value = {} } = operation;
  const { element } = partValue(target.holderType, target.asked, value);
  return relisted(resource, { operation, target }, (elements) => {
    if (index < 0 || index > elements.length) throw failure(operation, 'Index is out of bounds');
    return elements.toSpliced(index, 0, element);
  });
}

function move(resource: JsonObject, operation: PatchOperation, target: Target): JsonObject {
  const { source = 0, destination = 0 } = operation;
  return relisted(resource, { operation, target }, (elements) => {
    const moved = elements[source];
    if (moved === undefined) throw failure(operation, 'Source is out of bounds');
    if (destination < 0 || destination >= elements.length) {
      throw failure(operation, 'Destination is out of bounds');
    }
    return elements.toSpliced(source, 1).toSpliced(destination, 0, moved);
  });
}

function relisted(
  resource: JsonObject,
  { operation, target }: { readonly operation: PatchOperation; readonly target: Target },
  change: (elements: readonly Element[]) => readonly Element[],
): JsonObject {
  const { holder, name, isList } = target;
  if (holder === undefined || !isList) throw failure(operation, 'No list found');
  return changedAt(resource, holder, (object) =>
    withElements(object, name, { elements: change(elementsAt(object, name)), isList }),
  );
}
