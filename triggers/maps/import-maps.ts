import type { HttpHandler } from '@azure/functions';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import {
  type Editor,
  importMaps,
  type MapName,
  type MapStore,
  type MapVersion,
} from '../../shared/mapping/index.ts';
import { callerName, requireRole } from '../caller-role.ts';
import { answering } from '../problem.ts';
import { readLargeBody } from '../read-body.ts';
import type { MapDependencies } from './map-request.ts';

/** Exported tables are longer than a map. */
const mostCharacters = 10_000_000;

/** By table, as one answer of the Web API, or as a bare list. */
const exportSchema = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]);

const shape =
  'the rows of the exported tables: {"msind_updateserviceentitymaps": […], "msind_updateserviceattributemaps": […], "msind_attributevaluemaps": […]}';

/**
 * `POST /api/maps/import`: saves maps exported from the Data integration toolkit,
 * new ones disabled. A map whose name is taken is left out, or with
 * `?replace=true` becomes its next version, which keeps its state. What could not
 * be taken over is named at its row.
 */
export function createImportMapsHandler(deps: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Config Administrator']);
      const json = await readLargeBody(request, exportSchema, { shape, mostCharacters });
      const { files, problems } = importMaps([{ file: 'export', json }]);
      const by: Editor = {
        author: callerName(request, deps.config.authorization),
        ...(request.query.get('replace') === 'true' ? {} : { expects: 'none' }),
      };
      const { saved, refused } = await saveAll(deps.maps, files.map(importedMap), by);
      const { hash } = await deps.packs.current({ fresh: true });
      return { jsonBody: { mapPack: hash, saved, refused, problems } };
    });
}

interface ImportedMap {
  readonly map: MapName;
  readonly content: unknown;
}

function importedMap(imported: { readonly file: string; readonly content: object }): ImportedMap {
  const [folder] = imported.file.split('/');
  const kind = folder === 'expansion' || folder === 'values' ? folder : 'entity';
  const { content } = imported;
  return { map: { kind, name: 'name' in content ? String(content.name) : '' }, content };
}

interface Refused extends MapName {
  readonly code: string;
  readonly detail: string;
  readonly problems?: unknown;
}

/** Saves what others build on first; what is refused is tried again as long as others could be saved. */
async function saveAll(
  maps: MapStore,
  imported: readonly ImportedMap[],
  by: Editor,
): Promise<{ readonly saved: readonly object[]; readonly refused: readonly Refused[] }> {
  const order = ['values', 'expansion', 'entity'];
  let open = imported.toSorted(
    (one, other) => order.indexOf(one.map.kind) - order.indexOf(other.map.kind),
  );
  const saved: object[] = [];
  for (;;) {
    const refused: { readonly item: ImportedMap; readonly why: Refused }[] = [];
    for (const item of open) {
      const result = await saveOne(maps, item, by);
      if ('version' in result) saved.push(summary(result));
      else refused.push({ item, why: result });
    }
    if (refused.length === 0 || refused.length === open.length) {
      return { saved, refused: refused.map(({ why }) => why) };
    }
    open = refused.map(({ item }) => item);
  }
}

async function saveOne(
  maps: MapStore,
  { map, content }: ImportedMap,
  by: Editor,
): Promise<MapVersion | Refused> {
  try {
    return await maps.saveImported(map, content, by);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'STATE_UNAVAILABLE') throw error;
    const { code, message: detail, details } = error;
    const { problems } = details;
    return { ...map, code, detail, ...(problems === undefined ? {} : { problems }) };
  }
}

const summary = ({ kind, name, version }: MapVersion) => ({ kind, name, version });
