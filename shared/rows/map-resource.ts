import type {
  ExpandedRow,
  ExpansionMap,
  FhirResource,
  MappedRow,
  RootMap,
} from '../mapping/index.ts';
import { dataverseIdentifierRoot } from './child-rows.ts';

/** The root row of a resource. A map that fails on one resource must not hold up the others of its change set. */
export function mapResource(root: RootMap, resource: FhirResource): MappedRow {
  try {
    return root.map(resource);
  } catch {
    const problem = 'the map failed on the shape of this resource';
    return {
      values: {},
      warnings: [],
      problems: [{ map: root.name, column: '', path: '$', problem, code: 'wrong-type' }],
    };
  }
}

/**
 * The child rows of a resource. The identifier that we ourselves wrote into FHIR
 * has its row in the identifier table; no other table lists it, so that the rows
 * are the same whether a resource is expanded before or after the write-back.
 */
export function childrenOf(
  root: RootMap,
  expansion: ExpansionMap,
  resource: FhirResource,
): readonly ExpandedRow[] {
  const mapped = expansion.expand(resource);
  if (expansion.name === root.identifierTable?.expansion.name) return mapped;
  return mapped.filter(({ values }) => !Object.values(values).some(isOwnIdentifier));
}

const isOwnIdentifier = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith(dataverseIdentifierRoot);
