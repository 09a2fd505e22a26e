import { app, type HttpHandler } from '@azure/functions';
import * as df from 'durable-functions';
import { createActivities, withheldNow } from '../activities/index.ts';
import { createMigrationActivities } from '../activities/migration/index.ts';
import { migrate } from '../orchestrations/migrate.ts';
import { exportWindow, importWindow } from '../orchestrations/migrate-window.ts';
import { digestSide, proveEquality } from '../orchestrations/prove-equality.ts';
import { resyncPatient } from '../orchestrations/resync-patient.ts';
import { syncChanges } from '../orchestrations/sync-changes.ts';
import { type Config, loadConfig } from '../shared/config.ts';
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

// The composition root: settings, dependencies, and every function of the app on one screen. What is
// not set up is not there, but for the API of migrations, which says so.
const config = loadConfig();
if (config.sync !== undefined) await registerSync({ ...config, ...config.sync });
registerMigrations();

async function registerSync(config: Config): Promise<void> {
  const { activities, ledger, maps, packs } = await createDependencies(config);
  const shared = { config, ledger, packs };
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

  const handlers = createMapHandlers({
    ...{ config, maps, packs, fhir: activities.fhir, dataverse: activities.dataverse },
    withheld: (pack, resources) =>
      withheldNow({ ...activities, pack, places: packs.places }, resources),
  });
  http('maps', 'GET', { route: 'maps', handler: handlers.list });
  http('map', 'GET', { route: 'maps/{kind}/{name}', handler: handlers.get });
  http('saveMap', 'PUT', { route: 'maps/{kind}/{name}', handler: handlers.save });
  http('mapHistory', 'GET', { route: 'maps/{kind}/{name}/history', handler: handlers.history });
  http('changeMap', 'POST', { route: 'maps/{kind}/{name}/{change}', handler: handlers.change });
  http('checkMaps', 'POST', { route: 'maps/check', handler: handlers.check });
  http('dryRunMaps', 'POST', { route: 'maps/dry-run', handler: handlers.dryRun });
  http('importMaps', 'POST', { route: 'maps/import', handler: handlers.import });

  df.app.orchestration('syncChanges', syncChanges);
  df.app.orchestration('resyncPatient', resyncPatient);
  for (const [name, activity] of Object.entries(createActivities(activities))) {
    df.app.activity(name, { handler: activityHandler(activity) });
  }
}

function registerMigrations(): void {
  const migration = createMigrationDependencies(config);
  const handlers = createMigrationHandlers({ config, migration });
  const one = 'migrations/{id}';
  http('migrations', 'GET', { route: 'migrations', handler: handlers.list });
  http('startMigration', 'POST', { route: 'migrations', handler: handlers.start });
  http('assessMigration', 'POST', { route: 'migrations/assess', handler: handlers.assess });
  http('migration', 'GET', { route: one, handler: handlers.show });
  http('orderMigration', 'POST', { route: `${one}/{order}`, handler: handlers.order });
  http('changeMigration', 'PATCH', { route: `${one}/settings`, handler: handlers.change });
  http('migrationWindows', 'GET', { route: `${one}/windows`, handler: handlers.windows });
  http('migrationQuarantine', 'GET', { route: `${one}/quarantine`, handler: handlers.quarantine });
  http('replayQuarantine', 'POST', {
    route: `${one}/quarantine/replay`,
    handler: handlers.replay,
  });
  http('migrationRepairs', 'GET', { route: `${one}/repairs`, handler: handlers.repairs });
  http('migrationCertificate', 'GET', {
    route: `${one}/certificate`,
    handler: handlers.certificate,
  });
  http('migrationReadiness', 'GET', { route: `${one}/readiness`, handler: handlers.readiness });
  http('migrationCutOverChecklist', 'GET', {
    route: `${one}/cutover-checklist`,
    handler: handlers.cutOverChecklist,
  });
  if (migration === undefined) return;
  df.app.orchestration('migrate', migrate);
  df.app.orchestration('exportWindow', exportWindow);
  df.app.orchestration('importWindow', importWindow);
  df.app.orchestration('proveEquality', proveEquality);
  df.app.orchestration('digestSide', digestSide);
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
