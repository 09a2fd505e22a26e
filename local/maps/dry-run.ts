import { parseArgs } from 'node:util';
import { type ColumnForecast, dryRun } from '../../shared/dry-run/index.ts';
import { compilePack } from '../../shared/mapping/index.ts';
import type { Tool } from './index.ts';
import { choosePack, packOptions } from './map-folder.ts';
import { MapToolError } from './map-tool-error.ts';
import { organisation } from './organisation.ts';
import { readSamples } from './samples.ts';

/** Says what a pack would do to the live rows of these resources, and writes nothing. */
export const dryRunCommand: Tool = async (args, { out }) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...packOptions,
      dataverse: { type: 'string' },
      samples: { type: 'string' },
      versions: { type: 'string', default: 'next' },
    },
  });
  if (values.dataverse === undefined || values.samples === undefined) {
    throw new MapToolError('A dry run needs --dataverse URL and --samples DIR.');
  }
  if (values.versions !== 'next' && values.versions !== 'current') {
    throw new MapToolError('--versions takes next or current.');
  }
  const { files, enabled } = await choosePack(values);
  const result = await dryRun({
    pack: compilePack(files, enabled === undefined ? {} : { enabled }),
    dataverse: organisation(values.dataverse),
    resources: await readSamples(values.samples),
    versions: values.versions,
  });
  for (const column of result.columns.filter(isTouched)) out(columnLine(column));
  const outcomes = Map.groupBy(result.resources, ({ outcome }) => outcome);
  const counts = [...outcomes].map(([outcome, list]) => `${list.length} ${outcome}`);
  out(
    `Root rows: ${counts.join(', ') || 'none'}; new concepts: ${result.concepts}; not mapped: ${result.unmapped}.`,
  );
  out(childLine(result.resources.flatMap(({ children }) => children)));
  return outcomes.has('rejected') ? 1 : 0;
};

function isTouched({ created, changed, rejected }: ColumnForecast): boolean {
  return created + changed + rejected > 0;
}

function columnLine({
  map,
  column,
  created,
  changed,
  unchanged,
  rejected,
}: ColumnForecast): string {
  return `${map} ${column}: ${created} created, ${changed} changed, ${unchanged} unchanged, ${rejected} rejected`;
}

function childLine(
  children: readonly {
    readonly added: number;
    readonly changed: number;
    readonly removed: number;
  }[],
): string {
  const sum = (of: 'added' | 'changed' | 'removed') =>
    children.reduce((total, child) => total + child[of], 0);
  return `Child rows: ${sum('added')} created, ${sum('changed')} changed, ${sum('removed')} removed. Nothing was written.`;
}
