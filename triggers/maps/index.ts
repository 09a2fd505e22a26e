import { createChangeMapHandler, createSaveMapHandler } from './edit-maps.ts';
import { createImportMapsHandler } from './import-maps.ts';
import type { MapDependencies } from './map-request.ts';
import { createListMapsHandler, createMapHandler, createMapHistoryHandler } from './read-maps.ts';
import { createCheckMapsHandler, createDryRunHandler } from './try-maps.ts';

/** The handlers of `/api/maps`. */
export function createMapHandlers(deps: MapDependencies) {
  return {
    list: createListMapsHandler(deps),
    get: createMapHandler(deps),
    history: createMapHistoryHandler(deps),
    save: createSaveMapHandler(deps),
    change: createChangeMapHandler(deps),
    check: createCheckMapsHandler(deps),
    dryRun: createDryRunHandler(deps),
    import: createImportMapsHandler(deps),
  };
}
