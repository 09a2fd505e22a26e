import { readObject } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { isObject, itemsOf, textAt } from '../json.ts';
import type { Criterion } from './criterion.ts';

/** Reference parameters that put a resource into a patient's compartment, by type (R4 CompartmentDefinition). */
export const patientCompartment: ReadonlyMap<string, readonly string[]> = new Map(
  itemsOf(readObject('fhir/r4/compartmentdefinition-patient.json')['resource']).flatMap((item) => {
    const type = isObject(item) ? textAt(item, 'code') : undefined;
    if (!isObject(item) || type === undefined) return [];
    const codes = itemsOf(item['param']).filter((code) => typeof code === 'string');
    return codes.length === 0 ? [] : [[type, codes] as const];
  }),
);

/** Matches the resources of `type` in the compartment of Patient/`id`; undefined when none can be in it. */
export function compartmentCriteria(
  service: Service,
  type: string,
  id: string,
): readonly Criterion[] | undefined {
  const numbers = (patientCompartment.get(type) ?? []).flatMap((code) => {
    const parameter = service.parameters.get(type)?.get(code);
    return (parameter?.indexNames ?? []).map(service.parameterNumbers.numberOf);
  });
  if (numbers.length === 0) return undefined;
  const parameters = numbers.map(() => '?').join(', ');
  const criterion: Criterion = {
    table: 'code_index',
    where: {
      sql: `parameter IN (${parameters}) AND code = ? AND system = 'Patient'`,
      values: [...numbers, id],
    },
    negated: false,
    streams: false,
    seeks: true,
  };
  return [criterion];
}
