import type { HttpHandler } from '@azure/functions';
import { AppError } from '../../shared/errors.ts';
import type { MapVersion, PackSource } from '../../shared/mapping/index.ts';
import { type Role, requireRole } from '../caller-role.ts';
import { answering } from '../problem.ts';
import { etagOf, type MapDependencies, mapOf, versionAsked } from './map-request.ts';

const readers: readonly Role[] = ['Config Administrator', 'Operator'];

/** `GET /api/maps`: every map with its state, and the pack that new work begins with. */
export function createListMapsHandler({ config, maps, packs }: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, config.authorization, readers);
      const [list, force] = await Promise.all([maps.list(), inForce(packs)]);
      return { jsonBody: { ...force, maps: list } };
    });
}

/** When stored edits do not fit the maps of this deployment, what is wrong is said beside the list, so that it can be mended. */
async function inForce(packs: PackSource): Promise<object> {
  try {
    return { mapPack: (await packs.current({ fresh: true })).hash };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'MAP_PACK_INVALID') throw error;
    return { mapPack: null, problems: error.details['problems'] };
  }
}

/** `GET /api/maps/{kind}/{name}?version=N`: one map, as it is or as it was, with the ETag for editing it. */
export function createMapHandler({ config, maps }: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, config.authorization, readers);
      const map = mapOf(request);
      const asked = versionAsked(request);
      const found = await maps.get(map, asked);
      if (asked !== undefined) return { jsonBody: found };
      const [status, expansions] = await Promise.all([maps.status(map), maps.expansions(map)]);
      const { change, content } = found;
      // An edit between the readings would pair the content with the ETag of another version.
      if (status.version !== found.version) {
        throw new AppError('CONFLICT', 'the map was changed at this moment; read it again');
      }
      return {
        headers: { etag: etagOf(found.version) },
        jsonBody: { ...status, change, expansions, content },
      };
    });
}

/** `GET /api/maps/{kind}/{name}/history`: who changed it when and how; each version's content by `?version=`. */
export function createMapHistoryHandler({ config, maps }: MapDependencies): HttpHandler {
  return (request, context) =>
    answering(context, async () => {
      requireRole(request, config.authorization, readers);
      const versions = await maps.history(mapOf(request));
      return { jsonBody: { versions: versions.map(withoutContent).reverse() } };
    });
}

function withoutContent({ content: _content, ...version }: MapVersion) {
  return version;
}
