import { describe, expect, test } from 'vitest';
import { expansionsBelow } from '../../../shared/mapping/expansions-below.ts';
import { loadMapFiles, type MapFiles } from '../../../shared/mapping/index.ts';
import type { EntityMapFile } from '../../../shared/mapping/map-language.ts';
import { compileAlone, type GoldenLine, readGolden, shownBy } from './column-golden.ts';
import { mapsFolder } from './maps-folder.ts';

const files = await loadMapFiles(mapsFolder);

/** A map with one thing changed that a person might have mistyped. */
interface Mutant {
  readonly name: string;
  readonly files: MapFiles;
  readonly content: EntityMapFile;
}

type Json = Readonly<Record<string, unknown>>;

/** Attributes with one path, action or constant changed, and what was done. */
function* attributeMutants(attribute: Json): Generator<readonly [string, Json]> {
  for (const [what, source] of sourceMutants(attribute['source']))
    yield [what, { ...attribute, source }];
  yield ['disabled', { ...attribute, disabled: true }];
  const { action, value, conceptType, references, default: absent } = attribute;
  if (action === 'Copy Data') {
    const constant = ({ boolean: false, integer: 1, decimal: 1, double: 1 } as Json)[
      String(attribute['type'])
    ];
    yield [
      'action',
      { ...attribute, action: 'Set Default Value', value: constant ?? '2000-01-01' },
    ];
  }
  if (
    action === 'Set Default Value' &&
    attribute['source'] !== undefined &&
    attribute['type'] !== 'choice'
  ) {
    const { value: _value, ...rest } = attribute;
    yield ['action', { ...rest, action: 'Copy Data' }];
  }
  if (value !== undefined) yield ['value', { ...attribute, value: changed(value) }];
  if (absent !== undefined) yield ['default', { ...attribute, default: changed(absent) }];
  if (typeof conceptType === 'number')
    yield ['conceptType', { ...attribute, conceptType: conceptType + 1 }];
  if (Array.isArray(references) && references.length > 1) {
    for (const one of references) {
      yield [
        `without ${one}`,
        { ...attribute, references: references.filter((type) => type !== one) },
      ];
    }
  }
}

function* sourceMutants(source: unknown): Generator<readonly [string, unknown]> {
  if (Array.isArray(source)) yield* listMutants(source);
  else if (typeof source === 'object' && source !== null) yield* formMutants(source);
  else if (typeof source === 'string') yield* pathMutants(source);
}

function* listMutants(sources: readonly unknown[]): Generator<readonly [string, unknown]> {
  for (const [index, one] of sources.entries()) {
    if (sources.length > 1) yield [`source ${index} gone`, sources.toSpliced(index, 1)];
    for (const [what, other] of sourceMutants(one)) yield [what, sources.with(index, other)];
  }
}

function* formMutants(source: object): Generator<readonly [string, unknown]> {
  for (const [key, part] of Object.entries(source)) {
    if (key === 'type') continue;
    for (const [what, path] of sourceMutants(part)) yield [what, { ...source, [key]: path }];
  }
}

function* pathMutants(path: string): Generator<readonly [string, string]> {
  for (const match of path.matchAll(/\.([A-Za-z]+)(?!\w)/g)) {
    const [text] = match;
    if (text !== '.')
      yield [
        `${text} renamed`,
        `${path.slice(0, match.index)}${text}X${path.slice(match.index + text.length)}`,
      ];
  }
  for (const match of path.matchAll(/\[(\d)\]/g)) {
    const next = `[${Number(match[1]) + 1}]`;
    yield [
      'next index',
      `${path.slice(0, match.index)}${next}${path.slice(match.index + match[0].length)}`,
    ];
  }
  for (const match of path.matchAll(/=='([^']+)'/g)) {
    const other = `=='${match[1]}x'`;
    yield [
      'filter',
      `${path.slice(0, match.index)}${other}${path.slice(match.index + match[0].length)}`,
    ];
  }
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : `${String(value)}x`;
}

function* rootMutants(content: EntityMapFile): Generator<Mutant> {
  for (const [index, attribute] of content.attributes.entries()) {
    for (const [what, mutated] of attributeMutants(attribute)) {
      const attributes = content.attributes.with(
        index,
        mutated as EntityMapFile['attributes'][number],
      );
      const column = 'column' in attribute ? attribute.column : attribute.expansion;
      yield {
        name: `${content.name} ${column}: ${what}`,
        files,
        content: { ...content, attributes },
      };
    }
  }
  if (content.discriminator !== undefined) {
    const discriminator = { ...content.discriminator, value: content.discriminator.value + 1 };
    yield { name: `${content.name} discriminator`, files, content: { ...content, discriminator } };
  }
}

function* expansionMutants(content: EntityMapFile): Generator<Mutant> {
  const used = new Set(expansionsBelow(content, files.expansions).map((one) => one.content.name));
  for (const [place, child] of files.expansions.entries()) {
    if (!used.has(child.content.name)) continue;
    for (const [index, attribute] of child.content.attributes.entries()) {
      for (const [what, mutated] of attributeMutants(attribute)) {
        const attributes = child.content.attributes.with(index, mutated as typeof attribute);
        const other = { ...child, content: { ...child.content, attributes } };
        const expansions = files.expansions.with(place, other);
        const column = 'column' in attribute ? attribute.column : attribute.expansion;
        const name = `${content.name} > ${child.content.name} ${column}: ${what}`;
        yield { name, content, files: { ...files, expansions } };
      }
    }
  }
}

function* optionMutants(content: EntityMapFile): Generator<Mutant> {
  const maps = [content, ...expansionsBelow(content, files.expansions).map((one) => one.content)];
  const used = new Set(
    maps.flatMap((map): readonly string[] => {
      const attributes: EntityMapFile['attributes'] = map.attributes;
      return attributes.flatMap((one) => ('values' in one ? [one.values] : []));
    }),
  );
  for (const [place, { file, content: map }] of files.values.entries()) {
    if (!used.has(map.name)) continue;
    for (const [index, row] of map.rows.entries()) {
      const dataverse =
        row.dataverse === null || row.dataverse === undefined ? 1 : changed(row.dataverse);
      const rows = map.rows.with(index, { ...row, dataverse: dataverse as number });
      const values = files.values.with(place, { file, content: { ...map, rows } });
      yield {
        name: `${content.name} ${map.name} ${row.fhir}`,
        content,
        files: { ...files, values },
      };
    }
  }
}

function isCaught({ files: own, content }: Mutant, golden: readonly GoldenLine[]): boolean {
  try {
    const root = compileAlone(own, content);
    return golden.some(({ resource, shown }) => {
      return JSON.stringify(shownBy(root, resource)) !== JSON.stringify(shown);
    });
  } catch {
    return true;
  }
}

describe('a mistake in a map', () => {
  test('(a changed path, action, constant, target or option) is caught in at least 95 of 100 cases', () => {
    const survivors: string[] = [];
    let mutants = 0;
    for (const { content } of files.entities) {
      const golden = readGolden(content);
      const root = compileAlone(files, content);
      const same = golden.every(
        ({ resource, shown }) => JSON.stringify(shownBy(root, resource)) === JSON.stringify(shown),
      );
      expect({ map: content.name, same }).toEqual({ map: content.name, same: true });
      for (const make of [rootMutants, expansionMutants, optionMutants]) {
        for (const mutant of make(content)) {
          mutants += 1;
          if (!isCaught(mutant, golden)) survivors.push(mutant.name);
        }
      }
    }
    const caught = (100 * (mutants - survivors.length)) / mutants;
    console.info(
      `${mutants} mutants, ${caught.toFixed(2)} % caught; survivors:\n${survivors.join('\n')}`,
    );
    expect(mutants).toBeGreaterThan(2000);
    expect(caught).toBeGreaterThanOrEqual(95);
  }, 600_000);
});
