import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildModel } from '../../../local/dataverse/model.ts';
import { modelFileSchema } from '../../../local/dataverse/model-schema.ts';
import {
  compilePack,
  type ExpansionMap,
  type FhirResource,
  loadMapFiles,
  mapJsonSchema,
  packRoots,
  type RootMap,
} from '../../../shared/mapping/index.ts';
import type { ColumnMap } from '../../../shared/mapping/map-language.ts';
import { example, mapsFolder, projectFolder, readJsonIfThere, shippedPack } from './maps-folder.ts';
import { r4ValueSets } from './r4-value-sets.ts';

interface ModelColumn {
  readonly type: string;
  readonly maxLength?: number;
  readonly options?: Readonly<Record<string, string>>;
  readonly targets?: readonly string[];
}
type ModelTables = Readonly<
  Record<string, { readonly columns: Readonly<Record<string, ModelColumn>> }>
>;

const files = await loadMapFiles(mapsFolder);
const all = await shippedPack(packRoots(files, 'all'));
const model = readTables('local', 'dataverse', 'data-model.json');
const added = readTables('infra', 'dataverse', 'tables.json') ?? {};

function readTables(...path: readonly string[]): ModelTables | undefined {
  const file = readJsonIfThere(...path) as { readonly tables: ModelTables } | undefined;
  return file?.tables;
}

function columnOf(table: string, column: string): ModelColumn | undefined {
  return added[table]?.columns[column] ?? model?.[table]?.columns[column];
}

const modelTypes: Readonly<Record<string, readonly string[]>> = {
  string: ['string', 'memo'],
  integer: ['integer', 'bigint'],
  decimal: ['decimal', 'double', 'money'],
  double: ['double', 'decimal'],
  boolean: ['boolean'],
  date: ['date'],
  datetime: ['datetime'],
  choice: ['choice'],
  lookup: ['lookup'],
};

function columnsOf(content: { readonly attributes: readonly unknown[] }): readonly ColumnMap[] {
  return (content.attributes as readonly ColumnMap[]).filter((attribute) => 'column' in attribute);
}

/** Every option that an attribute may write into a choice column. */
function optionsOf(attribute: ColumnMap): readonly unknown[] {
  if (attribute.action === 'Set Default Value') return [attribute.value];
  if (attribute.action !== 'Mapped Value') return [];
  const values = files.values.find(({ content }) => content.name === attribute.values)!.content;
  const options = [...values.rows.map((row) => row.dataverse), values.otherwise, attribute.default];
  return options.filter((option) => option !== null && option !== undefined);
}

function targetsOf(attribute: ColumnMap): readonly string[] {
  if (attribute.action === 'Lookup') return [attribute.table].flat();
  return attribute.action === 'Lookup Codeable Concept' ? ['msemr_codeableconcept'] : [];
}

function complaints(table: string, attribute: ColumnMap): readonly string[] {
  const place = `${table}.${attribute.column}`;
  const column = columnOf(table, attribute.column);
  if (column === undefined) return [`${place} is not in the model`];
  const found: string[] = [];
  if (!modelTypes[attribute.type]!.includes(column.type)) {
    found.push(`${place} is ${column.type}, not ${attribute.type}`);
  }
  const length = 'maxLength' in attribute ? attribute.maxLength : undefined;
  if (attribute.type === 'string' && column.maxLength !== undefined) {
    if (length === undefined || length > column.maxLength) found.push(`${place} is shorter`);
  }
  if (attribute.type === 'choice') {
    const unknown = optionsOf(attribute).filter((option) => !(String(option) in column.options!));
    if (unknown.length > 0) found.push(`${place} has no option ${unknown.join(', ')}`);
  }
  const foreign = targetsOf(attribute).filter((target) => !column.targets!.includes(target));
  if (foreign.length > 0) found.push(`${place} does not point to ${foreign.join(', ')}`);
  return found;
}

describe.skipIf(model === undefined)('every shipped map fits the healthcare data model', () => {
  test.each(files.entities.map(({ content }) => [content.name, content] as const))(
    '%s: each column exists, with a type, length, options and targets that fit',
    (_name, content) => {
      const found = columnsOf(content).flatMap((attribute) => complaints(content.table, attribute));
      expect(found).toEqual([]);
      const root = compilePack(files, { enabled: [content.name] }).roots.get(content.resource)!;
      const keys = [root.idColumn, root.versionColumn, root.lastUpdatedColumn];
      expect(keys.filter((key) => columnOf(root.table, key) === undefined)).toEqual([]);
    },
  );

  test('expansion tables have their columns and a parent link to the right table', () => {
    const everything = {
      ...files,
      expansions: files.expansions.map(({ file, content }) => ({
        file,
        content: { ...content, disabled: false },
      })),
    };
    const { roots } = compilePack(everything, { enabled: packRoots(files, 'all')! });
    const checked = new Set<string>();
    const check = (expansion: ExpansionMap): void => {
      checked.add(expansion.name);
      const file = files.expansions.find(({ content }) => content.name === expansion.name)!;
      const found = columnsOf(file.content).flatMap((map) => complaints(expansion.table, map));
      expect(found).toEqual([]);
      const link = columnOf(expansion.table, expansion.parentColumn);
      expect(link?.targets).toContain(expansion.parentTable);
      expansion.expansions.forEach(check);
    };
    for (const root of roots.values()) root.expansions.forEach(check);
    expect(checked.size).toBe(files.expansions.length);
  });

  test('the labels of value maps are those of the model', () => {
    for (const { content } of [...files.entities, ...files.expansions]) {
      for (const attribute of columnsOf(content)) {
        if (attribute.action !== 'Mapped Value' || attribute.type !== 'choice') continue;
        const values = files.values.find((file) => file.content.name === attribute.values)!;
        const table = content.table;
        const options = columnOf(table, attribute.column)!.options!;
        const labelled = values.content.rows.filter((row) => row.label !== undefined);
        for (const row of labelled) {
          const same = options[String(row.dataverse)]!.toLowerCase() === row.label!.toLowerCase();
          expect({ column: attribute.column, row, same }).toMatchObject({ same: true });
        }
      }
    }
  });

  test('the tables and columns that we add are a model file that the Dataverse stand-in takes', () => {
    const extension = modelFileSchema.parse(readJsonIfThere('infra', 'dataverse', 'tables.json'));
    const base = modelFileSchema.parse(readJsonIfThere('local', 'dataverse', 'data-model.json'));
    const { tables } = buildModel([base, extension]);
    for (const root of all.roots.values()) {
      const { expansion } = root.identifierTable!;
      const link = tables.get(expansion.table)!.columns.get(expansion.parentColumn)!;
      expect(link.navigations.get(root.table)).toContain(`fds_${root.resourceType}Id`);
    }
    expect(tables.get('contact')!.columns.get('birthdate')!.type).toBe('date');
    expect(tables.get('contact')!.columns.has('lastname')).toBe(true);
  });

  test('every codeable concept type is an option of the model', () => {
    const types = columnOf('msemr_codeableconcept', 'msemr_type')!.options!;
    const used = [...files.entities, ...files.expansions]
      .flatMap(({ content }) => columnsOf(content))
      .flatMap((map) => (map.action === 'Lookup Codeable Concept' ? [map.conceptType] : []));
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((type) => !(String(type) in types))).toEqual([]);
  });
});

describe('shipped map files', () => {
  test('map.schema.json is the JSON Schema of the schemas that the loader uses', () => {
    expect(readJsonIfThere('maps', 'map.schema.json')).toEqual(
      JSON.parse(JSON.stringify(mapJsonSchema())),
    );
  });

  test('the six maps of the demo are on by default; the pack "all" turns on one for every mapped type', async () => {
    const demo = packRoots(files, 'demo')!;
    expect([...(await shippedPack()).roots.keys()].sort()).toEqual([...demo].sort());
    const left = files.entities.filter(
      ({ content }) => !packRoots(files, 'all')!.includes(content.name),
    );
    expect(left.map(({ content }) => content.name)).toEqual(['Referral']);
    expect(left.every(({ content }) => all.roots.has(content.resource))).toBe(true);
    expect((await shippedPack(demo)).hash).toBe((await shippedPack()).hash);
  });

  test('every root has an identifier table of its own', () => {
    for (const root of all.roots.values()) {
      const resource = root.resourceType.toLowerCase();
      expect(root.identifierTable).toMatchObject({
        system: `urn:oid:org.d365.mc4h.${resource}.id`,
        expansion: { table: `fds_${resource}identifier`, parentColumn: `fds_${resource}id` },
      });
    }
  });

  test('every value map has all codes of its R4 value set, or says what it does with others', () => {
    const { valueSets, codesOf } = r4ValueSets();
    let checked = 0;
    for (const { file, content } of files.values) {
      if (content.valueSet === undefined) continue;
      const codes = codesOf(content.valueSet);
      expect({ file, known: valueSets.has(content.valueSet) }).toEqual({ file, known: true });
      if (codes === undefined || content.otherwise !== undefined) continue;
      checked += 1;
      const rows = content.rows.map((row) => row.fhir);
      expect({ file, codes: rows.sort() }).toEqual({ file, codes: [...codes].sort() });
    }
    expect(checked).toBeGreaterThan(30);
  });
});

describe('official R4 examples', () => {
  const examples = officialExamples().filter(([, root]) => root !== undefined);

  test('of every mapped type map without a blocking problem', () => {
    const blocked = examples.flatMap(([resource, root]) => {
      const { problems } = root!.map(resource);
      return problems.map((problem) => ({
        id: `${resource.resourceType}/${resource.id}`,
        problem,
      }));
    });
    expect(blocked).toEqual([]);
    expect(new Set(examples.map(([resource]) => resource.resourceType)).size).toBe(all.roots.size);
  });

  test('give the same row each time, are left as they were, and set every column', () => {
    for (const [resource, root] of examples) {
      const before = structuredClone(resource);
      const row = root!.map(resource);
      const children = root!.expansions.map((expansion) => expansion.expand(resource));
      expect(root!.map(resource)).toEqual(row);
      expect(root!.expansions.map((expansion) => expansion.expand(resource))).toEqual(children);
      expect(resource).toEqual(before);
      expect(Object.keys(row.values).sort()).toEqual([...root!.columns].sort());
    }
  });

  test('give the same row whatever the order of their elements', () => {
    for (const [resource, root] of examples) {
      const turned = Object.fromEntries(Object.entries(resource).toReversed()) as FhirResource;
      expect(root!.map(turned).values).toEqual(root!.map(resource).values);
    }
  });
});

function officialExamples(): readonly (readonly [FhirResource, RootMap | undefined])[] {
  const folder = join(projectFolder, 'node_modules', 'hl7.fhir.r4.examples');
  return readdirSync(folder)
    .filter((file) => /^[A-Z]\w+-.*\.json$/.test(file))
    .filter((file) => all.roots.has(file.split('-')[0]!))
    .map((file) => example(file.replace(/\.json$/, '')))
    .map((resource) => [resource, all.roots.get(resource.resourceType)] as const);
}
