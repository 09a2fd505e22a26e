import { noSystem, textOnly } from './codeable-concept.ts';
import type { ColumnMap, ScalarAttribute, ValueMapFile } from './map-language.ts';
import type { ColumnValue } from './map-pack.ts';
import type { Sources } from './map-source.ts';
import { isRecord } from './record.ts';
import { asList, plainPath } from './source-paths.ts';

/** Said of a column value that has no FHIR form at its place. */
export const noInverse = Symbol('no inverse');

/**
 * The FHIR form of a column value, given what the element holds now; undefined
 * removes the element, `noInverse` means that it cannot be written back.
 */
export type Inverse = (value: ColumnValue, current: unknown) => unknown;

/** The way back of an attribute's conversion; undefined when it has none by its nature. */
export function inverseOf(
  attribute: ColumnMap,
  values: ReadonlyMap<string, ValueMapFile>,
): Inverse | undefined {
  switch (attribute.action) {
    case 'Copy Data':
      return isJoinedOrScaled(attribute) ? undefined : scalar(attribute.type);
    case 'Set Default Value':
      return isJoinedOrScaled(attribute) ? undefined : withoutDefault(attribute);
    case 'Mapped Value':
      return code(values.get(attribute.values), attribute.source);
    case 'Lookup':
      return reference;
    case 'Lookup Codeable Concept':
      return attribute.system === undefined ? concept : undefined;
  }
}

function isJoinedOrScaled({ join, units }: ScalarAttribute): boolean {
  return join !== undefined || units !== undefined;
}

function scalar(type: string): Inverse {
  return (value, current) => {
    if (value === null) return undefined;
    if (typeof value === 'object') return noInverse;
    if (current !== undefined && typeof current !== typeof value) return noInverse;
    return type === 'datetime' ? dateTimeLike(value, current) : value;
  };
}

/** An element written as a date stays one while its time is midnight. */
function dateTimeLike(value: string | number | boolean, current: unknown): unknown {
  const isDate = typeof current === 'string' && current.length === 10;
  const midnight = typeof value === 'string' && value.endsWith('T00:00:00Z');
  return isDate && midnight ? value.slice(0, 10) : value;
}

/** A default was never in FHIR, so it never goes there either. */
function withoutDefault(attribute: Extract<ColumnMap, { action: 'Set Default Value' }>): Inverse {
  const copy = scalar(attribute.type);
  return (value, current) => (value === attribute.value ? undefined : copy(value, current));
}

/** The first row with the option is written back: as a bare code, a coding or a concept, like its path. */
function code(values: ValueMapFile | undefined, sources: Sources): Inverse | undefined {
  const paths = asList(sources).flatMap((source) => plainPath(source) ?? []);
  const shapes = new Set(paths.map(shapeOf));
  const [shape] = shapes;
  const system = values?.system;
  if (shapes.size !== 1 || (shape !== 'code' && system === undefined)) return undefined;
  return (value) => {
    if (value === null) return undefined;
    const row = values?.rows.find(({ dataverse }) => dataverse === value);
    if (row === undefined) return noInverse;
    if (shape === 'code') return row.fhir;
    const coding = { system, code: row.fhir };
    return shape === 'coding' ? coding : { coding: [coding] };
  };
}

function shapeOf(path: string): 'code' | 'coding' | 'concept' {
  if (path.endsWith('.coding[*].code')) return 'concept';
  return path.endsWith('.code') ? 'coding' : 'code';
}

const reference: Inverse = (value) => {
  if (value === null) return undefined;
  if (typeof value !== 'object' || value.kind !== 'reference') return noInverse;
  return { reference: `${value.resourceType}/${value.id}` };
};

const concept: Inverse = (value, current) => {
  if (value === null) return undefined;
  if (typeof value !== 'object' || value.kind !== 'concept') return noInverse;
  if (isRecord(current) && !('coding' in current) && !('text' in current)) return noInverse;
  if (value.system === textOnly) return { text: value.text ?? value.display };
  const system = value.system === noSystem ? {} : { system: value.system };
  return { coding: [{ ...system, code: value.code, display: value.display }] };
};
