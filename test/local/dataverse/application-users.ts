import { expect } from 'vitest';
import type { Answer, TestService } from './web-api-client.ts';

export interface User {
  readonly systemuserid: string;
  readonly objectId: string;
  readonly roleid: string;
  readonly applicationId: string;
}

/** Makes an application user with a role of its own. */
export async function addUser(service: TestService, wish: object): Promise<User> {
  const { status, json, text } = await service.control('POST', 'users', wish);
  expect(status, text).toBe(200);
  return json as unknown as User;
}

/** Calls as a user. */
export function callAs(
  service: TestService,
  who: User,
  ...[method, path, body, headers]: Parameters<TestService['call']>
): Promise<Answer> {
  const authorization = { Authorization: `Bearer ${who.applicationId}` };
  return service.call(method, path, body, { ...authorization, ...headers });
}

/** The id in `OData-EntityId`. */
export function idOf({ headers }: Answer): string {
  return /\(([^)]+)\)$/.exec(headers.get('odata-entityid') ?? '')?.[1] ?? 'none';
}

export function codeOf({ json }: Answer): string | undefined {
  return (json['error'] as { code: string } | undefined)?.code;
}
