import { RunError } from './run-error.ts';

/**
 * Subscribes the app's `fhirEvents` function to the FHIR topic, as
 * infra/ does in Azure: handshake included, batches of up to 100 events.
 * @throws RunError when the handshake is refused
 */
export async function subscribe(target: {
  readonly eventGridUrl: string;
  readonly functionsUrl: string;
  readonly systemKey: string;
}): Promise<void> {
  const endpointUrl = `${target.functionsUrl}/runtime/webhooks/eventgrid?functionName=fhirEvents&code=${target.systemKey}`;
  const response = await fetch(`${target.eventGridUrl}/topics/fhir/subscriptions/fhir-changes`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      properties: {
        destination: {
          endpointType: 'WebHook',
          properties: { endpointUrl, maxEventsPerBatch: 100, preferredBatchSizeInKilobytes: 256 },
        },
        filter: {
          includedEventTypes: ['Created', 'Updated', 'Deleted'].map(
            (kind) => `Microsoft.HealthcareApis.FhirResource${kind}`,
          ),
        },
        eventDeliverySchema: 'EventGridSchema',
      },
    }),
  });
  if (!response.ok) {
    throw new RunError(`Event Grid did not accept the subscription: ${await response.text()}`);
  }
}
