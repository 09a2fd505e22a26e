import type { DatabaseSync } from 'node:sqlite';
import type { Service } from '../interaction.ts';
import { isArray, isObject, type Json, parseStored } from '../json.ts';
import {
  isDeleted,
  type StoredVersion,
  storedVersion,
  versionColumns,
} from '../store/stored-version.ts';

/**
 * Takes the references to deleted resources out of those that hold them and
 * leaves a display in their place, as the service behind Azure does.
 */
export function createReferenceRemover(database: DatabaseSync, service: Service) {
  const numbers = [...service.registry.builtIn.values()].flatMap((ofType) =>
    [...ofType.values()]
      .filter(({ kind }) => kind === 'reference')
      .flatMap(({ indexNames }) => indexNames.map(service.parameterNumbers.numberOf)),
  );
  const places = [...new Set(numbers)];
  const referring = database.prepare(
    `SELECT ${versionColumns} FROM resource WHERE seq IN (
       SELECT seq FROM code_index
       WHERE parameter IN (${places.map(() => '?').join(', ')}) AND code = ? AND system = ?)`,
  );
  /** Writes a new version of every resource that refers to `deleted`. */
  return (deleted: StoredVersion, agent: number): void => {
    const target = `${deleted.type}/${deleted.id}`;
    service.matcher.flush();
    for (const row of referring.all(...places, deleted.id, deleted.type)) {
      const holder = storedVersion(row);
      if (isDeleted(holder) || (holder.type === deleted.type && holder.id === deleted.id)) continue;
      const resource = withoutReference(parseStored(holder.body), target);
      const { type, id } = holder;
      if (!isObject(resource)) continue;
      service.repository.append({ type, id, resource, method: 'PUT', agent }, holder);
    }
  };
}

function withoutReference(value: Json, target: string): Json {
  if (isArray(value)) return value.map((item) => withoutReference(item, target));
  if (!isObject(value) || 'rawJSON' in value) return value;
  const { reference, ...rest } = value;
  if (reference === target) return { ...rest, display: 'Referenced resource deleted' };
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [
      name,
      child === undefined ? undefined : withoutReference(child, target),
    ]),
  );
}
