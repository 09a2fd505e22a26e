import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';

const kinds = ['add', 'insert', 'delete', 'replace', 'move', 'upsert'] as const;

/** One `operation` parameter of a FHIRPath Patch. */
export interface PatchOperation {
  readonly kind: (typeof kinds)[number];
  readonly path: string;
  readonly name: string | undefined;
  /** The part named `value`, with `value[x]` or parts of its own for types without a name. */
  readonly value: JsonObject | undefined;
  readonly index: number | undefined;
  readonly source: number | undefined;
  readonly destination: number | undefined;
}

/** Reads the operations of a Parameters resource (FHIR R4 fhirpatch); throws 400 naming the wrong one. */
export function readPatchOperations(parameters: JsonObject): readonly PatchOperation[] {
  return itemsOf(parameters['parameter']).map((parameter, position) => {
    if (!isObject(parameter) || parameter['name'] !== 'operation') {
      throw badRequest(`Parameter ${position} of the patch must be named 'operation'.`);
    }
    return readOperation(parameter, position);
  });
}

function readOperation(parameter: JsonObject, position: number): PatchOperation {
  const parts = new Map<string, JsonObject>();
  for (const part of itemsOf(parameter['part'])) {
    if (isObject(part)) parts.set(textAt(part, 'name') ?? '', part);
  }
  const asked = textOf(parts.get('type'))?.toLowerCase();
  const kind = kinds.find((candidate) => candidate === asked);
  const path = textOf(parts.get('path'));
  if (kind === undefined || path === undefined) {
    throw badRequest(
      `Operation ${position} of the patch needs a path and a type of ${kinds.join(', ')}.`,
    );
  }
  const operation: PatchOperation = {
    kind,
    path,
    name: textOf(parts.get('name')),
    value: parts.get('value'),
    index: integerOf(parts.get('index')),
    source: integerOf(parts.get('source')),
    destination: integerOf(parts.get('destination')),
  };
  for (const needed of needs[kind]) {
    if (operation[needed] === undefined) {
      throw badRequest(`Operation ${position} of the patch (${kind}) needs the part '${needed}'.`);
    }
  }
  return operation;
}

const needs = {
  add: ['name', 'value'],
  insert: ['index', 'value'],
  delete: [],
  replace: ['value'],
  move: ['source', 'destination'],
  upsert: ['name', 'value'],
} as const satisfies Record<PatchOperation['kind'], readonly (keyof PatchOperation)[]>;

function textOf(part: JsonObject | undefined): string | undefined {
  return part && (textAt(part, 'valueCode') ?? textAt(part, 'valueString'));
}

function integerOf(part: JsonObject | undefined): number | undefined {
  const value = part?.['valueInteger'];
  return typeof value === 'number' ? value : undefined;
}
