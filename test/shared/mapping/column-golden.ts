import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compilePack,
  type ExpandedRow,
  type ExpansionMap,
  type FhirResource,
  type MapFiles,
  type RootMap,
} from '../../../shared/mapping/index.ts';
import type { EntityMapFile } from '../../../shared/mapping/map-language.ts';
import { type Sample, samplesOf } from './column-samples.ts';
import { projectFolder } from './maps-folder.ts';

const folder = join(projectFolder, 'test', 'shared', 'mapping', 'golden', 'columns');

/** A small resource and what it maps to: one line of a golden file. */
export interface GoldenLine {
  readonly resource: Sample;
  readonly shown: unknown;
}

/** Everything that a root map makes of a resource, without the columns that stay empty. */
export function shownBy(root: RootMap, resource: Sample): unknown {
  const one = resource as FhirResource;
  const { values, problems, warnings } = root.map(one);
  const children = root.expansions
    .map((expansion) => [expansion.name, expansion.expand(one).map(childOf(expansion))] as const)
    .filter(([, rows]) => rows.length !== 0);
  return {
    row: filled(values),
    ...(children.length === 0 ? {} : { children: Object.fromEntries(children) }),
    ...(problems.length === 0
      ? {}
      : { problems: problems.map(({ column, code }) => [column, code]) }),
    ...(warnings.length === 0
      ? {}
      : { warnings: warnings.map(({ column, code }) => [column, code]) }),
    ...(root.discriminator === undefined ? {} : { discriminator: root.discriminator }),
    patient: root.patientReference(one) ?? null,
  };
}

function filled(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** A child row, and under `below` what hangs on it. */
function childOf(expansion: ExpansionMap): (row: ExpandedRow) => object {
  return ({ values, below = [] }) => {
    const rows = expansion.expansions
      .map((child, index) => [child.name, (below[index] ?? []).map(childOf(child))] as const)
      .filter(([, own]) => own.length !== 0);
    return { ...filled(values), ...(rows.length === 0 ? {} : { below: Object.fromEntries(rows) }) };
  };
}

/** The root map with nothing but names of the others, which is what its lookups need: quick to compile. */
export function compileAlone(files: MapFiles, content: EntityMapFile): RootMap {
  const others = files.entities
    .filter(
      (other) => other.content.resource !== content.resource && other.content.name !== 'Referral',
    )
    .map(({ file, content: { name, resource, table } }) => {
      const attributes: EntityMapFile['attributes'] = [
        { column: 'name', action: 'Set Default Value', type: 'string', value: '' },
      ];
      return { file, content: { name, resource, table, attributes } };
    });
  const own = { file: 'entity/own.json', content: { ...content, disabled: false } };
  const expansions = files.expansions.map(({ file, content: child }) => ({
    file,
    content: { ...child, disabled: false },
  }));
  const pack = compilePack({ ...files, expansions, packs: [], entities: [own, ...others] });
  return pack.roots.get(content.resource)!;
}

const fileOf = ({ name }: EntityMapFile) => join(folder, `${name}.ndjson`);

export function readGolden(content: EntityMapFile): readonly GoldenLine[] {
  if (!existsSync(fileOf(content))) return [];
  const lines = readFileSync(fileOf(content), 'utf8').split('\n').filter(Boolean);
  return lines.map((line): GoldenLine => JSON.parse(line));
}

/** Writes what the maps show now: to be reviewed like any other change. */
export function writeGolden(files: MapFiles): void {
  mkdirSync(folder, { recursive: true });
  for (const { content } of files.entities) {
    const root = compileAlone(files, content);
    const lines = samplesOf(files, content).map((resource) =>
      JSON.stringify({ resource, shown: shownBy(root, resource) }),
    );
    writeFileSync(fileOf(content), `${lines.join('\n')}\n`);
  }
}
