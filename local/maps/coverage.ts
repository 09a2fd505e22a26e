import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  compilePack,
  expansionsBelow,
  isInUse,
  loadMapFiles,
  type MapFiles,
  type RootMap,
} from '../../shared/mapping/index.ts';
import type { Tool } from './index.ts';
import { shippedMaps } from './map-folder.ts';
import { type ElementDefinition, resourceElements } from './resource-elements.ts';

const document = fileURLToPath(new URL('../../docs/maps.md', import.meta.url));
const [begin, end] = ['<!-- coverage: begin -->', '<!-- coverage: end -->'] as const;

/** Prints what the shipped maps carry and what they do not; `--write` puts it into docs/maps.md. */
export const coverage: Tool = async (args, { out }) => {
  const { values } = parseArgs({ args: [...args], options: { write: { type: 'boolean' } } });
  const table = await coverageTable(await loadMapFiles(shippedMaps));
  out(table);
  if (values.write)
    await writeFile(document, withCoverage(await readFile(document, 'utf8'), table));
  return 0;
};

/** The document with the table between its marks. */
export function withCoverage(text: string, table: string): string {
  const [before = text] = text.split(begin);
  const [, after = ''] = text.split(end);
  return `${before}${begin}\n${table}\n${end}${after}`;
}

/** One line per root map: what it fills, what goes back, and the R4 elements that it does not carry. */
export async function coverageTable(files: MapFiles): Promise<string> {
  const definitions = await resourceElements();
  const rows = files.entities
    .filter(({ content }) => content.archived !== true)
    .map(({ content }) => {
      const { roots } = compilePack(files, { enabled: [content.name] });
      const root = roots.get(content.resource);
      if (root === undefined) return '';
      return row(root, { definitions: definitions.get(content.resource) ?? [], content, files });
    });
  const head =
    '| map | table | columns | go back | child tables | elements not carried |\n|---|---|---|---|---|---|';
  return [head, ...rows.filter(Boolean).sort()].join('\n');
}

function row(
  root: RootMap,
  {
    definitions,
    content,
    files,
  }: {
    readonly definitions: readonly ElementDefinition[];
    readonly content: MapFiles['entities'][number]['content'];
    readonly files: MapFiles;
  },
): string {
  const missing = definitions.flatMap((element) => notCarried(element, root.elements));
  const [columns, back] = [root.columns.length, root.writeback.columns.length];
  const name = root.name === root.resourceType ? root.name : `${root.name} (${root.resourceType})`;
  const children = expansionsBelow(content, files.expansions).map(({ content: child }) =>
    isInUse(child) ? child.name : `(${child.name})`,
  );
  return `| ${name} | \`${root.table}\` | ${columns} | ${back} | ${children.join(', ')} | ${missing.join(', ') || 'none'} |`;
}

/** An element that is left out; of a choice element, the types that are. */
function notCarried(
  { name, types }: ElementDefinition,
  carried: readonly string[],
): readonly string[] {
  if (!name.endsWith('[x]')) return carried.includes(name) ? [] : [name];
  const prefix = name.slice(0, -'[x]'.length);
  const missing = types.filter((type) => !carried.includes(`${prefix}${type}`));
  if (missing.length === 0) return [];
  return [missing.length === types.length ? name : `${name} as ${missing.join(' or ')}`];
}
