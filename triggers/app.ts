import { app, type HttpHandler } from '@azure/functions';
import * as df from 'durable-functions';
import { createActivities, withheldNow } from '../activities/index.ts';
import { createMigrationActivities } from '../activities/migration/index.ts';
import { migrate } from '../orchestrations/migrate.ts';
import { exportWindow, importWindow } from '../orchestrations/migrate-window.ts';
import { digestSide, proveEquality } from '../orchestrations/prove-equality.ts';
import { resyncPatient } from '../orchestrations/resync-patient.ts';
import { syncChanges } from '../orchestrations/sync-changes.ts';
import { loadConfig } from '../shared/config.ts';
import { activityHandler } from './activity-handler.ts';
import { createChangeStoryHandler } from './change-stories.ts';
import { createDeadLettersHandler, createRedriveHandler } from './dead-letters.ts';
import { createDependencies } from './dependencies.ts';
import { createFhirEventsHandler } from './fhir-events.ts';
import { createMapHandlers } from './maps/index.ts';
import { createMigrationDependencies } from './migration-dependencies.ts';
import { createMigrationHandlers } from './migrations/index.ts';
import { withMetrics } from './migrations/metrics.ts';
import { createStatusHandler } from './status.ts';

// The composition root: settings, dependencies, and every function of the app on one screen.
const config = loadConfig();
const { activities: dependencies, ledger, maps, packs } = await createDependencies(config);
const shared = { config, ledger, packs };
const mapHandlers = createMapHandlers({
  ...{ config, maps, packs, fhir: dependencies.fhir, dataverse: dependencies.dataverse },
  withheld: (pack, resources) =>
    withheldNow({ ...dependencies, pack, places: packs.places }, resources),
});

app.generic('fhirEvents', {
  trigger: { type: 'eventGridTrigger', name: 'events', cardinality: 'many' },
  extraInputs: [df.input.durableClient()],
  handler: createFhirEventsHandler(shared),
});

http('status', 'GET', { route: 'status', handler: createStatusHandler(shared) });
http('changeStory', 'GET', {
  route: 'operations/changes/{resourceType}/{id}',
  handler: createChangeStoryHandler(shared),
});
http('deadLetters', 'GET', {
  route: 'operations/dead-letters',
  handler: createDeadLettersHandler(shared),
});
http('redriveDeadLetters', 'POST', {
  route: 'operations/dead-letters/redrive',
  handler: createRedriveHandler(shared),
});

const migration = createMigrationDependencies(config);
const migrations = createMigrationHandlers({ config, migration });
http('migrations', 'GET', { route: 'migrations', handler: migrations.list });
http('startMigration', 'POST', { route: 'migrations', handler: migrations.start });
http('assessMigration', 'POST', { route: 'migrations/assess', handler: migrations.assess });
http('migration', 'GET', { route: 'migrations/{id}', handler: migrations.show });
http('orderMigration', 'POST', { route: 'migrations/{id}/{order}', handler: migrations.order });
http('changeMigration', 'PATCH', { route: 'migrations/{id}/settings', handler: migrations.change });
http('migrationWindows', 'GET', { route: 'migrations/{id}/windows', handler: migrations.windows });
http('migrationQuarantine', 'GET', {
  route: 'migrations/{id}/quarantine',
  handler: migrations.quarantine,
});
http('replayQuarantine', 'POST', {
  route: 'migrations/{id}/quarantine/replay',
  handler: migrations.replay,
});
http('migrationRepairs', 'GET', { route: 'migrations/{id}/repairs', handler: migrations.repairs });
http('migrationCertificate', 'GET', {
  route: 'migrations/{id}/certificate',
  handler: migrations.certificate,
});
http('migrationReadiness', 'GET', {
  route: 'migrations/{id}/readiness',
  handler: migrations.readiness,
});
http('migrationCutOverChecklist', 'GET', {
  route: 'migrations/{id}/cutover-checklist',
  handler: migrations.cutOverChecklist,
});

http('maps', 'GET', { route: 'maps', handler: mapHandlers.list });
http('map', 'GET', { route: 'maps/{kind}/{name}', handler: mapHandlers.get });
http('saveMap', 'PUT', { route: 'maps/{kind}/{name}', handler: mapHandlers.save });
http('mapHistory', 'GET', { route: 'maps/{kind}/{name}/history', handler: mapHandlers.history });
http('changeMap', 'POST', { route: 'maps/{kind}/{name}/{change}', handler: mapHandlers.change });
http('checkMaps', 'POST', { route: 'maps/check', handler: mapHandlers.check });
http('dryRunMaps', 'POST', { route: 'maps/dry-run', handler: mapHandlers.dryRun });
http('importMaps', 'POST', { route: 'maps/import', handler: mapHandlers.import });

df.app.orchestration('syncChanges', syncChanges);
df.app.orchestration('resyncPatient', resyncPatient);
df.app.orchestration('migrate', migrate);
df.app.orchestration('exportWindow', exportWindow);
df.app.orchestration('importWindow', importWindow);
df.app.orchestration('proveEquality', proveEquality);
df.app.orchestration('digestSide', digestSide);

for (const [name, activity] of Object.entries(createActivities(dependencies))) {
  df.app.activity(name, { handler: activityHandler(activity) });
}
if (migration !== undefined) {
  for (const [name, activity] of Object.entries(createMigrationActivities(migration))) {
    df.app.activity(name, { handler: withMetrics(name, activityHandler(activity)) });
  }
}

function http(
  name: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  options: { readonly route: string; readonly handler: HttpHandler },
): void {
  app.http(name, {
    methods: [method],
    authLevel: 'function',
    extraInputs: [df.input.durableClient()],
    ...options,
  });
}
