import { AzureKeyCredential, EventGridPublisherClient } from '@azure/eventgrid';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningEventGrid, startEventGrid } from '../../../local/event-grid/index.ts';
import { fhirEvent, type Receiver, startReceiver, subscribe, whenIdle } from './receiver.ts';

// Microsoft Learn, "Authenticate Event Grid publishing clients using Microsoft Entra ID".

let grid: RunningEventGrid;
let receiver: Receiver;

beforeEach(async () => {
  grid = await startEventGrid({ port: 0, key: 'key', publisherTokens: ['known'] });
  receiver = await startReceiver();
});
afterEach(async () => {
  await grid.close();
  await receiver.close();
});

interface Asked extends TokenCredential {
  readonly scopes: (string | string[])[];
}

function credentialOf(token: string): Asked {
  const scopes: (string | string[])[] = [];
  return {
    scopes,
    getToken(asked): Promise<AccessToken> {
      scopes.push(asked);
      return Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
}

/** The client sends tokens over https only; behind its own policies the request goes on in the clear. */
function clientWith(credential: TokenCredential | AzureKeyCredential) {
  const policy = {
    name: 'withoutTls',
    sendRequest: (request: { url: string }, next: (request: never) => Promise<never>) => {
      request.url = request.url.replace(/^https:/, 'http:');
      return next(request as never);
    },
  };
  const endpoint = `${grid.url.replace(/^http:/, 'https:')}/topics/fhir/api/events`;
  return new EventGridPublisherClient(endpoint, 'EventGrid', credential, {
    allowInsecureConnection: true,
    additionalPolicies: [{ policy, position: 'perRetry' }],
    retryOptions: { maxRetries: 0 },
  });
}

const event = () => ({ ...fhirEvent('p1'), eventTime: new Date() });

test('the @azure/eventgrid client publishes with an Entra token', async () => {
  await subscribe(grid.url, receiver.url);
  const credential = credentialOf('known');
  await clientWith(credential).send([event()]);
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 1, delivered: 1 });
  expect(credential.scopes.flat()).toEqual(['https://eventgrid.azure.net/.default']);
});

test('a token that the topic does not accept is 401, and nothing is published', async () => {
  const refused = clientWith(credentialOf('other')).send([event()]);
  await expect(refused).rejects.toMatchObject({ statusCode: 401 });
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 0 });
});

test('keys go on to work beside tokens; no proof at all is 401', async () => {
  await clientWith(new AzureKeyCredential('key')).send([event()]);
  const response = await fetch(`${grid.url}/topics/fhir/api/events`, {
    method: 'POST',
    body: '[]',
  });
  expect(response.status).toBe(401);
  expect(await whenIdle(grid.url)).toMatchObject({ publishedEvents: 1 });
});
