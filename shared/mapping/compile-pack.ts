import { createHash } from 'node:crypto';
import { checkMapFiles } from './check-map-files.ts';
import { compileRoot } from './compile-root.ts';
import { referenceReader } from './fhir-reference.ts';
import { isInUse } from './is-in-use.ts';
import { refuseMapFiles } from './map-file-problem.ts';
import type { MapFile, MapFiles } from './map-files.ts';
import type { EntityMapFile } from './map-language.ts';
import type { MapPack } from './map-pack.ts';

export interface CompileOptions {
  /** Names of the root maps to use; default: those that are not disabled. */
  readonly enabled?: readonly string[];
  /** Base URL of the FHIR service: absolute references below it count as relative ones. */
  readonly fhirBaseUrl?: string;
}

/** Compiles the enabled maps into closures. Throws MAP_PACK_INVALID naming every problem. */
export function compilePack(files: MapFiles, options: CompileOptions = {}): MapPack {
  const enabled = enabledRoots(files, options.enabled);
  const problems = checkMapFiles(files, enabled);
  if (problems.length > 0) refuseMapFiles(problems);
  const context = {
    values: byName(files.values),
    expansions: byName(files.expansions),
    tables: new Map(enabled.map(({ content }) => [content.resource, content.table])),
    readReference: referenceReader(options.fhirBaseUrl?.replace(/\/+$/, '')),
  };
  const roots = enabled.map(({ content }) => compileRoot(content, context));
  return {
    hash: hashOf(enabled, files),
    roots: new Map(roots.map((root) => [root.resourceType, root])),
  };
}

function enabledRoots(
  files: MapFiles,
  names: readonly string[] | undefined,
): readonly MapFile<EntityMapFile>[] {
  if (names === undefined) return files.entities.filter(({ content }) => isInUse(content));
  const usable = files.entities.filter(({ content }) => content.archived !== true);
  const known = new Set(usable.map(({ content }) => content.name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const remedy = `Name root maps of the folder: ${[...known].sort().join(', ')}`;
    refuseMapFiles(
      unknown.map((name) => ({
        file: 'entity',
        pointer: '',
        problem: `there is no root map named ${name} to enable`,
        remedy,
      })),
    );
  }
  return usable.filter(({ content }) => names.includes(content.name));
}

function byName<T extends { readonly name: string }>(
  files: readonly MapFile<T>[],
): ReadonlyMap<string, T> {
  return new Map(files.map(({ content }) => [content.name, content]));
}

/** Depends on the content of the enabled maps only, not on file names, order or layout. */
function hashOf(enabled: readonly MapFile<EntityMapFile>[], files: MapFiles): string {
  const parts = [enabled, files.expansions, files.values].map((kind) =>
    kind.map(({ content }) => canonicalJson(content)).sort(),
  );
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (key === '$schema' || key === 'note') return undefined;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
