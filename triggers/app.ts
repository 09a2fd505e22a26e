import { app, type HttpHandler } from '@azure/functions';
import * as df from 'durable-functions';
import { createActivities } from '../activities/index.ts';
import { resyncPatient } from '../orchestrations/resync-patient.ts';
import { syncChanges } from '../orchestrations/sync-changes.ts';
import { loadConfig } from '../shared/config.ts';
import { activityHandler } from './activity-handler.ts';
import { createChangeStoryHandler } from './change-stories.ts';
import { createDeadLettersHandler, createRedriveHandler } from './dead-letters.ts';
import { createDependencies } from './dependencies.ts';
import { createFhirEventsHandler } from './fhir-events.ts';
import { createStatusHandler } from './status.ts';

// The composition root: settings, dependencies, and every function of the app on one screen.
const config = loadConfig();
const { activities: dependencies, ledger } = await createDependencies(config);
const shared = { config, ledger, packHash: dependencies.pack.hash };

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

df.app.orchestration('syncChanges', syncChanges);
df.app.orchestration('resyncPatient', resyncPatient);

for (const [name, activity] of Object.entries(createActivities(dependencies))) {
  df.app.activity(name, { handler: activityHandler(activity) });
}

function http(
  name: string,
  method: 'GET' | 'POST',
  options: { readonly route: string; readonly handler: HttpHandler },
): void {
  app.http(name, {
    methods: [method],
    authLevel: 'function',
    extraInputs: [df.input.durableClient()],
    ...options,
  });
}
