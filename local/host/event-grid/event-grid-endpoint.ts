import type { AppFunction, FunctionCatalog } from '../app/function-catalog.ts';
import { emptyReply, jsonReply, problemReply, type Reply } from '../http/reply.ts';
import { type HostRequest, headerOf, offeredKey } from '../http/request.ts';
import type { Invoker } from '../invocation/invoker.ts';
import { sameKey } from '../settings/keys.ts';
import { parseEvents, validationCode } from './event-grid-payload.ts';
import { invokeWithEvents } from './invoke-with-events.ts';

export interface EventGridEndpointOptions {
  readonly catalog: FunctionCatalog;
  readonly invoker: Invoker;
  readonly systemKey: string;
}

/** `/runtime/webhooks/eventgrid`, as the Event Grid extension of Functions answers it (facts dataverse-and-events B3, B4). */
export function createEventGridEndpoint({ catalog, invoker, systemKey }: EventGridEndpointOptions) {
  return async (request: HostRequest): Promise<Reply> => {
    const offered = offeredKey(request);
    if (offered === undefined || !sameKey(offered, systemKey)) {
      return problemReply(
        401,
        'Unauthorized',
        'Event Grid needs the system key eventgrid_extension as ?code= or x-functions-key.',
      );
    }
    const name = queryValue(request.url, 'functionName');
    const target = name === undefined ? undefined : catalog.find(name);
    if (target?.kind !== 'eventGrid' || target.disabled) {
      return problemReply(
        404,
        'Unknown function',
        'Name an enabled function with an Event Grid trigger as ?functionName=.',
      );
    }
    switch (request.method) {
      case 'OPTIONS':
        return consent(request);
      case 'POST':
        return take(request, target);
      default:
        return problemReply(
          405,
          'Method not allowed',
          'The Event Grid endpoint takes POST, and OPTIONS for the CloudEvents handshake.',
        );
    }
  };

  async function take(request: HostRequest, target: AppFunction): Promise<Reply> {
    const eventType = headerOf(request, 'aeg-event-type')?.toLowerCase();
    if (eventType === 'unsubscribe') return emptyReply(202);
    if (eventType !== 'subscriptionvalidation' && eventType !== 'notification') {
      return problemReply(
        400,
        'Unknown request',
        'The header aeg-event-type must be SubscriptionValidation, Notification or Unsubscribe.',
      );
    }
    const payload = parseEvents(request.body);
    if (payload.kind === 'malformed') return problemReply(400, 'Malformed events', payload.reason);
    if (eventType === 'notification') {
      const failed = await invokeWithEvents(invoker, target, payload.events);
      return failed === 0
        ? emptyReply(202)
        : problemReply(
            500,
            'Function failed',
            `Function "${target.name}" failed in ${failed} invocation(s); the whole delivery may be sent again.`,
          );
    }
    const code = validationCode(payload.events);
    return code === undefined
      ? problemReply(
          400,
          'No validation code',
          'The first event of a SubscriptionValidation must carry data.validationCode.',
        )
      : jsonReply(200, { validationResponse: code });
  }
}

/** CloudEvents webhook handshake: consent is the Allowed headers, not the status. */
function consent(request: HostRequest): Reply {
  const origin = headerOf(request, 'webhook-request-origin');
  if (origin === undefined) {
    return problemReply(
      400,
      'No origin',
      'The CloudEvents handshake needs the header WebHook-Request-Origin.',
    );
  }
  return {
    status: 200,
    headers: {
      allow: 'POST',
      'webhook-allowed-origin': origin,
      'webhook-allowed-rate': headerOf(request, 'webhook-request-rate') ?? '*',
    },
    body: undefined,
  };
}

/** Query names are compared without case: Microsoft's own pages write functionName in several ways. */
function queryValue(url: URL, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [key, value] of url.searchParams) if (key.toLowerCase() === wanted) return value;
  return undefined;
}
