import type { MapFiles } from '../../../shared/mapping/index.ts';
import type {
  ColumnMap,
  EntityMapFile,
  ExpansionMapFile,
} from '../../../shared/mapping/map-language.ts';
import type { Source } from '../../../shared/mapping/map-source.ts';
import { compilePath } from '../../../shared/mapping/path-compiler.ts';
import { type PathStep, parsePath } from '../../../shared/mapping/path-syntax.ts';
import { compilePathWriter } from '../../../shared/mapping/path-writer.ts';
import { asList, plainPath } from '../../../shared/mapping/source-paths.ts';

type Select = Readonly<Record<string, string | readonly string[]>>;
export type Sample = Readonly<Record<string, unknown>>;

/**
 * Resources that each show one way in which one column may be filled: one for
 * every source, code and target type of every attribute, and one with everything.
 * Used to write goldens, never to judge a map by itself.
 */
export function samplesOf(files: MapFiles, root: EntityMapFile): readonly Sample[] {
  const start = { resourceType: root.resource, id: 'x' };
  const own = writesOf(root, files);
  const children = childrenOf(root, files).map((write) => write(start));
  const patient = typeof root.patient === 'object' ? asList(root.patient.path) : [];
  const about = patient.map((path) => set(start, stepsOf(path, {}), { reference: 'Patient/p' }));
  const everything = own.toReversed().reduce<unknown>((node, write) => write(node), start);
  const alone = own.map((write) => write(start));
  const pairs = pairsOf(root, files).map((write) => write(start));
  return distinct([start, ...alone, ...pairs, ...children, ...about, everything]);
}

type Write = (node: unknown) => unknown;

/** The items of every expansion of a map, written into its node. */
function childrenOf(map: EntityMapFile | ExpansionMapFile, files: MapFiles): readonly Write[] {
  const attributes: EntityMapFile['attributes'] = map.attributes;
  return attributes.flatMap((attribute) => {
    if (attribute.action !== 'Expand') return [];
    const expansion = files.expansions.find(({ content }) => content.name === attribute.expansion);
    const items = expansion === undefined ? [] : itemsOf(expansion.content, files);
    const steps = stepsOf(String(attribute.source), {});
    return items.map(
      (item): Write =>
        (node) =>
          set(node, steps, item),
    );
  });
}

/** Items of an expansion: what is required is always there, so that the item makes a row. */
function itemsOf(expansion: ExpansionMapFile, files: MapFiles): readonly unknown[] {
  const needed = writesOf(expansion, files, (column) => column.required === true);
  const base = needed.reduce<unknown>((node, write) => write(node), {});
  const own = writesOf(expansion, files);
  const below = childrenOf(expansion, files).map((write) => write(base));
  return [base, {}, ...own.map((write) => write(base)), ...own.map((write) => write({})), ...below];
}

/** Two sources of one attribute at a time, the later one first in the document: order is the map's, not the document's. */
function pairsOf(root: EntityMapFile, files: MapFiles): readonly Write[] {
  return root.attributes.flatMap((attribute) => {
    if (attribute.action === 'Expand' || attribute.source === undefined) return [];
    const sources = asList(attribute.source);
    const single = sources.map((source) =>
      writesOf({ ...root, attributes: [{ ...attribute, source }] }, files).slice(0, 1),
    );
    return single.flatMap(([first], index) =>
      single.slice(index + 1).flatMap(([second]): readonly Write[] => {
        if (first === undefined || second === undefined) return [];
        return [(node) => first(second(node)), (node) => second(first(node))];
      }),
    );
  });
}

function writesOf(
  map: EntityMapFile | ExpansionMapFile,
  files: MapFiles,
  takes: (attribute: ColumnMap) => boolean = () => true,
): readonly Write[] {
  const attributes: EntityMapFile['attributes'] = map.attributes;
  return attributes.flatMap((attribute, index) => {
    if (attribute.action === 'Expand' || attribute.source === undefined) return [];
    if (!takes(attribute)) return [];
    return asList(attribute.source).flatMap((source, order) => {
      const values = valuesOf(attribute, { files, mark: `${index}.${order}` });
      return values.flatMap((value) => writesThrough(source, value, map.select ?? {}));
    });
  });
}

function writesThrough(source: Source, value: unknown, select: Select): readonly Write[] {
  if (typeof source === 'object' && 'contained' in source) {
    const inside = set({ resourceType: 'Medication', id: 'c' }, stepsOf(source.path, {}), value);
    const reference = stepsOf(source.contained, select);
    return [
      (node) => set({ ...Object(node), contained: [inside] }, reference, { reference: '#c' }),
    ];
  }
  if (typeof source === 'object' && 'typeOf' in source) return typeWrites(source.typeOf, value);
  if (typeof source === 'object' && 'textOf' in source) {
    return [(node) => set(node, stepsOf(source.textOf, select), { display: value, text: value })];
  }
  const path = plainPath(source) ?? '$.unknown';
  const [, name = ''] = /^\$(\w*)/.exec(path) ?? [];
  const starts = select[name];
  if (starts === undefined) return [(node) => set(node, stepsOf(path, {}), value)];
  return asList(starts).map(
    (start) => (node) => set(node, [...stepsOf(start, {}), ...stepsOf(path, {})], value),
  );
}

/** A type is shown by an element of that name, or by a reference to it. */
function typeWrites(path: string, type: unknown): readonly Write[] {
  const steps = stepsOf(path, {});
  const last = steps.at(-1);
  if (last?.kind !== 'choice') return [(node) => set(node, steps, { reference: `${type}/1` })];
  const member: PathStep = { kind: 'member', name: `${last.prefix}${type}` };
  return [(node) => set(node, [...steps.slice(0, -1), member], {})];
}

function stepsOf(path: string, _select: Select): readonly PathStep[] {
  const parsed = parsePath(path);
  return parsed.kind === 'path' ? parsed.steps : [];
}

/** Writes a value; the places before an item of an array are filled first, if nothing is there. */
function set(node: unknown, steps: readonly PathStep[], value: unknown): unknown {
  const plain = steps.map(
    (step): PathStep => (step.kind === 'from' ? { kind: 'index', index: step.start } : step),
  );
  let filled = node;
  plain.forEach((step, position) => {
    if (step.kind !== 'index') return;
    for (let index = 0; index < step.index; index += 1) {
      const before = plain.with(position, { kind: 'index', index });
      if (compilePath(before).first(filled) === undefined) filled = write(filled, before, 'before');
    }
  });
  return write(filled, plain, value);
}

function write(node: unknown, steps: readonly PathStep[], value: unknown): unknown {
  return compilePathWriter(steps)?.(node, value) ?? node;
}

function valuesOf(
  attribute: ColumnMap,
  { files, mark }: { readonly files: MapFiles; readonly mark: string },
): readonly unknown[] {
  switch (attribute.action) {
    case 'Mapped Value': {
      const map = files.values.find(({ content }) => content.name === attribute.values);
      const codes = map?.content.rows.map(({ fhir }) => fhir) ?? [];
      return [...codes, ...(map?.content.otherwise === undefined ? [] : ['other'])];
    }
    case 'Lookup':
      return attribute.references.map((type) => ({ reference: `${type}/r${mark}` }));
    case 'Lookup Codeable Concept':
      return conceptsOf(attribute, mark);
    default:
      return [primitiveOf(attribute, mark)];
  }
}

function conceptsOf(
  attribute: Extract<ColumnMap, { action: 'Lookup Codeable Concept' }>,
  mark: string,
): readonly unknown[] {
  const coding = (system: string) => ({ system, code: `c${mark}`, display: `d${mark}` });
  if (attribute.system !== undefined) return [`c${mark}`];
  if (String(attribute.source).endsWith('.coding[*]')) return [coding('urn:s')];
  const preferred = (attribute.systems ?? []).map(coding);
  return [{ coding: [coding('urn:s'), ...preferred] }];
}

function primitiveOf(
  attribute: Extract<ColumnMap, { action: 'Copy Data' | 'Set Default Value' }>,
  mark: string,
): unknown {
  const [unit] = Object.keys(attribute.units ?? {});
  if (unit !== undefined) return { value: 3, code: unit };
  const samples: Readonly<Record<string, unknown>> = {
    integer: 17,
    decimal: 1.5,
    double: 1.5,
    boolean: true,
    date: '2001-02-03',
    datetime: '2001-02-03T04:05:06Z',
  };
  return samples[attribute.type] ?? `t${mark}`;
}

function distinct(samples: readonly unknown[]): readonly Sample[] {
  const byText = new Map(samples.map((sample) => [JSON.stringify(sample), sample as Sample]));
  return [...byText.values()];
}
