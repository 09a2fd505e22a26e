import { expect } from 'vitest';
import { tableBody } from './metadata-definitions.ts';
import type { Answer, TestService } from './web-api-client.ts';

/** The definition of the table that tests of metadata make and change. */
export const visit = "EntityDefinitions(LogicalName='demo_visit')";

export async function makeVisit(service: TestService): Promise<void> {
  const made = await service.call('POST', 'EntityDefinitions', tableBody('demo_Visit'));
  expect(made.status).toBe(204);
}

export const addAttribute = (service: TestService, body: object): Promise<Answer> =>
  service.call('POST', `${visit}/Attributes`, body);
