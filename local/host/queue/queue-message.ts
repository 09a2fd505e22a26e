import type { DequeuedMessageItem } from '@azure/storage-queue';
import type { TypedData } from '../app/core-contract.ts';

/** The text an app sees, or undefined when a Base64 queue holds a message that is none (Azure sends those to the poison queue). */
export function decodeMessage(text: string, base64: boolean): string | undefined {
  if (!base64) return text;
  const valid = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  return valid ? Buffer.from(text, 'base64').toString('utf8') : undefined;
}

/** Trigger metadata under the names of the queue binding (facts durable-host 2.3), and the fields of a JSON body. */
export function queueMetadata(
  message: DequeuedMessageItem,
  body: string,
): Record<string, TypedData> {
  return {
    ...bodyFields(body),
    DequeueCount: { int: message.dequeueCount },
    ExpirationTime: { json: JSON.stringify(message.expiresOn) },
    Id: { json: JSON.stringify(message.messageId) },
    InsertionTime: { json: JSON.stringify(message.insertedOn) },
    NextVisibleTime: { json: JSON.stringify(message.nextVisibleOn) },
    PopReceipt: { json: JSON.stringify(message.popReceipt) },
    QueueTrigger: { string: body },
  };
}

function bodyFields(body: string): Record<string, TypedData> {
  if (!body.startsWith('{')) return {};
  try {
    const value: unknown = JSON.parse(body);
    return Object.fromEntries(
      Object.entries(value ?? {}).map(([name, field]) => [name, { json: JSON.stringify(field) }]),
    );
  } catch {
    return {};
  }
}
