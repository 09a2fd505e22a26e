import { typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { parseStored } from '../json.ts';
import { afterAllRows, beforeAllRows } from '../store/clock.ts';
import { isDeleted, type StoredVersion } from '../store/stored-version.ts';
import { criterionOf } from './criterion.ts';
import { indexValues } from './index-values.ts';
import { evaluatePath } from './path.ts';
import type { Include, SearchRequest } from './search-request.ts';

const maximumReverse = 1000;

/** Resources that `_include` and `_revinclude` add to a page of matches, each once, matches left out. */
export function includedVersions(
  service: Service,
  search: SearchRequest,
  matches: readonly StoredVersion[],
): readonly StoredVersion[] {
  const known = new Set(matches.map(({ type, id }) => `${type}/${id}`));
  const found = [
    ...search.includes.flatMap((include) => referenced(service, include, matches)),
    ...search.reverseIncludes.flatMap((include) => referring(service, include, matches)),
  ];
  return found.filter(({ type, id }) => {
    const key = `${type}/${id}`;
    const isNew = !known.has(key);
    known.add(key);
    return isNew;
  });
}

function referenced(
  service: Service,
  include: Include,
  matches: readonly StoredVersion[],
): readonly StoredVersion[] {
  const offered = service.parameters.get(include.source);
  const parameters =
    include.code === '*'
      ? [...(offered?.values() ?? [])].filter(({ kind }) => kind === 'reference')
      : [offered?.get(include.code)].filter((parameter) => parameter !== undefined);
  return matches
    .filter(({ type }) => type === include.source)
    .flatMap((match) => {
      const resource = parseStored(match.body);
      return parameters
        .flatMap(({ paths }) => paths.flatMap((path) => evaluatePath(path, resource)))
        .flatMap((element) => indexValues('reference', element))
        .flatMap((value) => {
          if (value.form !== 'code' || value.system === '') return [];
          if (include.target !== undefined && include.target !== value.system) return [];
          const version = service.repository.current(value.system, value.code);
          return version === undefined || isDeleted(version) ? [] : [version];
        });
    });
}

function referring(
  service: Service,
  include: Include,
  matches: readonly StoredVersion[],
): readonly StoredVersion[] {
  const parameter = service.parameters.get(include.source)?.get(include.code);
  if (parameter === undefined || parameter.kind !== 'reference' || matches.length === 0) return [];
  const numbers = parameter.indexNames.map(service.parameterNumbers.numberOf);
  const targets = matches.filter(
    ({ type }) => include.target === undefined || include.target === type,
  );
  const value = targets.map(({ type, id }) => `${type}/${id}`).join(',');
  if (value === '') return [];
  const criterion = criterionOf({ parameter, numbers, modifier: undefined, value, baseUrl: '' });
  return service.matcher.find(
    {
      type: typeNumber(include.source),
      criteria: [criterion],
      ids: undefined,
      from: beforeAllRows,
      to: afterAllRows,
      descending: false,
    },
    maximumReverse,
  );
}
