import type { JsonObject } from '../../../local/fhir/json.ts';
import {
  type IndexValue,
  indexValues,
  openHigh,
  openLow,
} from '../../../local/fhir/search/index-values.ts';
import { type SearchParameter, searchParameters } from '../../../local/fhir/search/parameters.ts';
import { evaluatePath } from '../../../local/fhir/search/path.ts';
import type { Body, Door } from './running-service.ts';

/** One search per parameter that the resource has a value for; each must find the resource. */
export function searchesFor(resource: Body): readonly string[] {
  const { resourceType = '' } = resource;
  const offered = [...(searchParameters().get(resourceType)?.values() ?? [])];
  return offered.flatMap((parameter) => {
    const plain: JsonObject = JSON.parse(JSON.stringify(resource));
    const [value] = parameter.paths
      .flatMap((path) => evaluatePath(path, plain))
      .flatMap((element) => indexValues(parameter.kind, element));
    const conditions = value === undefined ? [] : conditionsFor(parameter, value);
    return conditions.length === 0 ? [] : [`${resourceType}?${conditions.join('&')}`];
  });
}

function conditionsFor({ code, kind }: SearchParameter, value: IndexValue): readonly string[] {
  const condition = (text: string, modifier = '') =>
    `${code}${modifier}=${encodeURIComponent(text)}`;
  switch (value.form) {
    case 'text':
      return [condition(escaped(value.text), ':exact')];
    case 'code': {
      const separator = kind === 'reference' ? '/' : '|';
      const text = escaped(value.code);
      return [condition(value.system === '' ? text : `${value.system}${separator}${text}`)];
    }
    case 'range': {
      const { low, high } = value;
      const told = (bound: number) =>
        kind === 'date' ? new Date(bound).toISOString() : `${bound}${unitOf(value)}`;
      return [
        ...(low <= openLow ? [] : [condition(`ge${told(low)}`)]),
        ...(high >= openHigh ? [] : [condition(`le${told(high)}`)]),
      ];
    }
  }
}

function unitOf({ system, code }: Extract<IndexValue, { form: 'range' }>): string {
  return code === '' ? '' : `|${escaped(system)}|${escaped(code)}`;
}

function escaped(text: string): string {
  return text.replace(/[\\,$|]/g, '\\$&');
}

/** The searches among these that did not find their resource. */
export async function searchesThatMiss(
  service: Door,
  asked: readonly { readonly id: string; readonly search: string }[],
): Promise<readonly string[]> {
  const missed: string[] = [];
  for (let start = 0; start < asked.length; start += 200) {
    const some = asked.slice(start, start + 200);
    const entry = some.map(({ search }) => ({
      request: { method: 'GET', url: `${search}&_elements=id&_count=1000` },
    }));
    const { json } = await service.call('POST', '/', {
      resourceType: 'Bundle',
      type: 'batch',
      entry,
    });
    for (const [index, { id, search }] of some.entries()) {
      const answer = json.entry![index]!;
      const found = answer.resource?.entry?.some(({ resource }) => resource!.id === id) ?? false;
      if (!found) missed.push(`${id}: ${search} (${answer.response!.status})`);
    }
  }
  return missed;
}
