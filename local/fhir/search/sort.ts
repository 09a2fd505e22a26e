import type { Service } from '../interaction.ts';
import { parseStored } from '../json.ts';
import { unsupportedParameter } from '../outcome.ts';
import type { StoredVersion } from '../store/stored-version.ts';
import { foldText, type IndexValue, indexValues } from './index-values.ts';
import { evaluatePath } from './path.ts';
import type { Sort } from './search-request.ts';

type SortKey = string | number | bigint | undefined;

/** Orders versions by search parameters; resources without a value come last, equals in commit order. */
export function sortVersions(
  service: Service,
  sort: readonly Sort[],
  versions: readonly StoredVersion[],
): readonly StoredVersion[] {
  const keyed = versions.map((version) => ({
    version,
    keys: sort.map((rule) => sortKey(service, rule, version)),
  }));
  keyed.sort((left, right) => {
    for (const [index, rule] of sort.entries()) {
      const order = compareKeys(left.keys[index], right.keys[index], rule.descending);
      if (order !== 0) return order;
    }
    return compareKeys(left.version.seq, right.version.seq, false);
  });
  return keyed.map(({ version }) => version);
}

function sortKey(service: Service, { code, descending }: Sort, version: StoredVersion): SortKey {
  if (code === '_lastUpdated') return version.seq;
  if (code === '_id') return version.id;
  const parameter = service.parameters.get(version.type)?.get(code);
  if (parameter === undefined) {
    throw unsupportedParameter(
      `The search parameter '${code}' cannot sort resource type '${version.type}'.`,
    );
  }
  const resource = parseStored(version.body);
  const keys = parameter.paths
    .flatMap((path) => evaluatePath(path, resource))
    .flatMap((element) => indexValues(parameter.kind, element))
    .map((value) => keyOf(value, descending))
    .sort((left, right) => compareKeys(left, right, descending));
  return keys[0];
}

/** Ascending order goes by the lowest value of a resource, descending by the highest. */
function keyOf(value: IndexValue, descending: boolean): string | number {
  switch (value.form) {
    case 'code':
      return value.code;
    case 'range':
      return descending ? value.high : value.low;
    case 'text':
      return foldText(value.text);
  }
}

function compareKeys(left: SortKey, right: SortKey, descending: boolean): number {
  if (left === right) return 0;
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  return left < right === descending ? 1 : -1;
}
