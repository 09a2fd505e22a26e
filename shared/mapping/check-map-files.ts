import { type ColumnPlace, checkColumn } from './check-column.ts';
import { checkExpands } from './check-expands.ts';
import { checkPath } from './check-path.ts';
import { columnMapsOf } from './compile-row.ts';
import { isInUse } from './is-in-use.ts';
import type { Complain, MapFileProblem } from './map-file-problem.ts';
import type { MapFile, MapFiles } from './map-files.ts';
import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';
import { asList } from './source-paths.ts';

/**
 * Checks what a schema cannot: paths, names that point to other files, rules of
 * one root per resource and of matching columns. Returns every problem found.
 */
export function checkMapFiles(
  files: MapFiles,
  enabled: readonly MapFile<EntityMapFile>[] = files.entities.filter(({ content }) =>
    isInUse(content),
  ),
): readonly MapFileProblem[] {
  const problems: MapFileProblem[] = [];
  const complainIn =
    (file: string): Complain =>
    (pointer, problem, remedy) =>
      problems.push({ file, pointer, problem, remedy });
  checkNames(files, complainIn);
  checkOneRootPerResource(enabled, complainIn);
  for (const { file, content } of files.entities) {
    const isEnabled = enabled.some((root) => root.content === content);
    const peers = isEnabled ? enabled : [];
    checkEntity(content, { files, rootsOf: rootFinder(files, peers, content) }, complainIn(file));
  }
  for (const { file, content } of files.expansions) {
    checkExpansion(content, { files, rootsOf: rootFinder(files, enabled) }, complainIn(file));
  }
  checkPacks(files, complainIn);
  return problems;
}

/** What a map is checked against. */
type Around = Pick<ColumnPlace, 'files' | 'rootsOf'>;

/** An enabled root map stands for its resource type; where there is none, any may that is not archived, or the map itself. */
function rootFinder(
  files: MapFiles,
  enabled: readonly MapFile<EntityMapFile>[],
  own?: EntityMapFile,
): Around['rootsOf'] {
  const all = files.entities.filter(({ content }) => content.archived !== true || content === own);
  return (resource) => {
    const of = (list: readonly MapFile<EntityMapFile>[]) =>
      list.map(({ content }) => content).filter((root) => root.resource === resource);
    const inUse = of(enabled);
    return inUse.length > 0 ? inUse : of(all);
  };
}

type ComplainIn = (file: string) => Complain;

function checkNames(files: MapFiles, complainIn: ComplainIn): void {
  for (const kind of [files.entities, files.expansions, files.values, files.packs]) {
    const seen = new Map<string, string>();
    for (const { file, content } of kind) {
      const first = seen.get(content.name);
      if (first !== undefined) {
        complainIn(file)(
          '/name',
          `the name is already that of ${first}`,
          'Give each map its own name',
        );
      }
      seen.set(content.name, first ?? file);
    }
  }
}

function checkOneRootPerResource(
  enabled: readonly MapFile<EntityMapFile>[],
  complainIn: ComplainIn,
): void {
  const roots = new Map<string, string>();
  for (const { file, content } of enabled) {
    const first = roots.get(content.resource);
    if (first !== undefined) {
      complainIn(file)(
        '/resource',
        `${content.resource} already has the enabled root map ${first}`,
        'A resource type has one root map: disable one of the two',
      );
    }
    roots.set(content.resource, first ?? file);
  }
}

function checkEntity(content: EntityMapFile, around: Around, complain: Complain): void {
  checkRow(content, around, complain);
  checkExpands(content, around.files, complain);
  content.attributes.forEach((attribute, index) => {
    if (attribute.action === 'Expand' || attribute.matching !== true) return;
    complain(
      `/attributes/${index}/matching`,
      'matching on a root map, whose rows are found by their FHIR id',
      'Take it away; it is for expansion maps',
    );
  });
  if (typeof content.patient === 'object') {
    for (const path of asList(content.patient.path)) {
      checkPath(path, '/patient/path', new Set(), complain);
    }
    const { column } = content.patient;
    if (column !== undefined && !columnMapsOf(content).some((map) => map.column === column)) {
      complain('/patient/column', `no attribute writes ${column}`, 'Add a Lookup attribute for it');
    }
  }
}

function checkExpansion(content: ExpansionMapFile, around: Around, complain: Complain): void {
  checkRow(content, around, complain);
  checkExpands(content, around.files, complain);
  const columns = columnMapsOf(content);
  if (!columns.some((attribute) => attribute.matching === true)) {
    complain(
      '/attributes',
      'no attribute identifies a row',
      'Set "matching": true on the columns that form the natural key',
    );
  }
  if (columns.some((attribute) => attribute.column === content.parentLink)) {
    complain('/parentLink', 'an attribute writes the parent link', 'Remove that attribute');
  }
  for (const [key, column] of Object.entries(content.identifier ?? {})) {
    if (!columns.some((attribute) => attribute.column === column)) {
      complain(`/identifier/${key}`, `no attribute writes ${column}`, 'Add an attribute for it');
    }
  }
}

function checkRow(
  content: EntityMapFile | ExpansionMapFile,
  around: Around,
  complain: Complain,
): void {
  const selections = new Set(Object.keys(content.select ?? {}));
  for (const [name, paths] of Object.entries(content.select ?? {})) {
    for (const path of asList(paths)) checkPath(path, `/select/${name}`, new Set(), complain);
  }
  const wholeResource = content.expand !== true;
  const seen = new Set<string>();
  const attributes: EntityMapFile['attributes'] = content.attributes;
  attributes.forEach((attribute, index) => {
    const pointer = `/attributes/${index}`;
    checkColumn(attribute, { pointer, selections, wholeResource, ...around }, complain);
    if (attribute.action === 'Expand' || attribute.disabled === true) return;
    if (seen.has(attribute.column)) {
      complain(
        `${pointer}/column`,
        `an earlier attribute writes ${attribute.column}`,
        'Keep one; give it several sources if there is more than one element',
      );
    }
    seen.add(attribute.column);
  });
}

function checkPacks(files: MapFiles, complainIn: ComplainIn): void {
  const roots = new Map(files.entities.map(({ content }) => [content.name, content]));
  for (const { file, content } of files.packs) {
    content.enabled.forEach((name, index) => {
      const place = `/enabled/${index}`;
      const root = roots.get(name);
      if (root === undefined) {
        complainIn(file)(place, `there is no root map ${name}`, 'Correct the name');
      } else if (root.archived === true) {
        complainIn(file)(
          place,
          `the root map ${name} is archived`,
          'Take it out of the pack, or the archived out of the map',
        );
      }
    });
  }
}
