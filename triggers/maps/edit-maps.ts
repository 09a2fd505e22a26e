import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { Editor, MapName, MapVersion } from '../../shared/mapping/index.ts';
import { requireRole } from '../caller-role.ts';
import { answering } from '../problem.ts';
import { readBody, readLargeBody } from '../read-body.ts';
import {
  editorOf,
  etagOf,
  informedEditorOf,
  type MapDependencies,
  mapOf,
  mostCharacters,
} from './map-request.ts';

/**
 * `PUT /api/maps/{kind}/{name}` with the map file as body: a new version. `If-Match`
 * says which version was edited, `If-None-Match: *` makes a new map. All maps
 * together must be sound afterwards.
 */
export function createSaveMapHandler(deps: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Config Administrator']);
      const map = mapOf(request);
      const by = informedEditorOf(request, deps);
      const expected = { shape: 'the map (docs/maps.md)', mostCharacters };
      const content = await readLargeBody(request, z.record(z.string(), z.unknown()), expected);
      return changed(deps, await deps.maps.save(map, content, by));
    });
}

type Change = (
  deps: MapDependencies,
  request: HttpRequest,
  what: { readonly map: MapName; readonly by: Editor },
) => Promise<MapVersion>;

const copySchema = z.strictObject({ name: z.string().min(1).max(100) });
const rollbackSchema = z.strictObject({ version: z.int().min(0) });

const changes: Readonly<Record<string, Change>> = {
  enable: async (deps, request, { map, by }) => {
    const enabled = await deps.maps.enable(map, by);
    if (request.query.get('withExpansions') === 'true') await enableExpansions(deps, map, by);
    return enabled;
  },
  disable: ({ maps }, _request, { map, by }) => maps.disable(map, by),
  archive: ({ maps }, _request, { map, by }) => maps.archive(map, by),
  restore: ({ maps }, _request, { map, by }) => maps.restore(map, by),
  copy: async ({ maps }, request, { map, by }) => {
    const { name } = await readBody(request, copySchema, '{"name": "…"}');
    return maps.copy(map, name, by);
  },
  rollback: async ({ maps }, request, { map, by }) => {
    const { version } = await readBody(request, rollbackSchema, '{"version": N}');
    return maps.rollback(map, version, by);
  },
};

/**
 * `POST /api/maps/{kind}/{name}/{change}`: enable, disable, archive, restore, copy
 * (`{"name": "…"}`) or rollback (`{"version": N}`). The answer lists the expansions
 * of the map with their state; `?withExpansions=true` enables those too.
 */
export function createChangeMapHandler(deps: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, deps.config.authorization, ['Config Administrator']);
      const name = request.params['change'] ?? '';
      const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
      if (change === undefined) {
        throw new AppError('NOT_FOUND', `a map takes ${Object.keys(changes).join(', ')}`);
      }
      const what = { map: mapOf(request), by: editorOf(request, deps) };
      return changed(deps, await change(deps, request, what));
    });
}

async function enableExpansions(
  { maps }: MapDependencies,
  map: MapName,
  { author }: Editor,
): Promise<void> {
  for (const { name, status } of await maps.expansions(map)) {
    if (status === 'disabled') await maps.enable({ kind: 'expansion', name }, { author });
  }
}

/** What was saved, what is still off below it, and the pack that new work begins with from now on. */
async function changed(
  { maps, packs }: MapDependencies,
  { content: _content, ...saved }: MapVersion,
): Promise<HttpResponseInit> {
  const [status, expansions, { hash }] = await Promise.all([
    maps.status(saved),
    maps.expansions(saved),
    packs.current({ fresh: true }),
  ]);
  return {
    status: saved.version === 1 && !status.shipped ? 201 : 200,
    headers: { etag: etagOf(saved.version) },
    jsonBody: { ...status, ...saved, expansions, mapPack: hash },
  };
}
