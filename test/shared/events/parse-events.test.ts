import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeSchema, parseEvents } from '../../../shared/events/index.ts';
import { cloudEvent, eventGridEvent } from './sample-events.ts';

const change = {
  changeId: 'e-1',
  resourceType: 'Patient',
  id: 'p1',
  versionId: '2',
  kind: 'updated',
  cause: 'event',
  occurredAt: '2026-01-02T03:04:05.123Z',
};

describe('both schemas give the same change', () => {
  test.each([
    ['an array of Event Grid events', [eventGridEvent()]],
    ['a single Event Grid event', eventGridEvent()],
    ['an array of CloudEvents', [cloudEvent()]],
    ['a single CloudEvent', cloudEvent()],
  ])('%s', (_, body) => {
    expect(parseEvents(body, {})).toEqual({ changes: [change], quarantined: [], ignored: 0 });
  });

  test.each([
    ['Created', 'created'],
    ['Updated', 'updated'],
    ['Deleted', 'deleted'],
  ])('FhirResource%s is a change of kind %s', (type, kind) => {
    const { changes } = parseEvents([eventGridEvent({ type }), cloudEvent({ type })], {});
    expect(changes.map((each) => each.kind)).toEqual([kind, kind]);
  });
});

test('no other field of an event than those of a change comes through', () => {
  const event = {
    ...eventGridEvent(),
    data: { ...(eventGridEvent().data as object), name: 'Eve' },
  };
  expect(JSON.stringify(parseEvents([event], {}))).not.toContain('Eve');
});

test('events of other types are counted and otherwise ignored', () => {
  const other = { ...eventGridEvent(), eventType: 'Microsoft.HealthcareApis.DicomImageCreated' };
  const validation = { id: 'v', eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent' };
  expect(parseEvents([other, validation], {})).toEqual({
    changes: [],
    quarantined: [],
    ignored: 2,
  });
});

test('a batch of 5,000 events with one poison event gives 4,999 changes and 1 quarantined', () => {
  const events = Array.from({ length: 5000 }, (_, index) =>
    eventGridEvent({ id: `e-${index}`, resourceId: `p${index}` }),
  );
  events[1234] = eventGridEvent({ id: 'poison', resourceId: 'not an id' });
  const parsed = parseEvents(events, {});
  expect(parsed.changes).toHaveLength(4999);
  expect(parsed.quarantined).toEqual([
    {
      index: 1234,
      place: 'events[1234].data.resourceFhirId',
      problem: expect.any(String),
      remedy: expect.any(String),
      eventId: 'poison',
    },
  ]);
});

test('events beyond the limit are quarantined one by one, so that counts still close', () => {
  const events = [1, 2, 3].map((index) => eventGridEvent({ id: `e-${index}` }));
  const parsed = parseEvents(events, { maxEvents: 2 });
  expect(parsed.changes.map(({ changeId }) => changeId)).toEqual(['e-1', 'e-2']);
  expect(parsed.quarantined).toMatchObject([{ index: 2, place: 'events[2]' }]);
});

test('events of a FHIR account that is not configured are quarantined; case does not matter', () => {
  const ours = parseEvents([eventGridEvent()], {
    fhirAccounts: ['ACCT.fhir.azurehealthcareapis.com'],
  });
  expect(ours.changes).toHaveLength(1);
  const foreign = parseEvents([eventGridEvent()], { fhirAccounts: ['other.example.org'] });
  expect(foreign.changes).toEqual([]);
  expect(foreign.quarantined).toMatchObject([{ place: 'events[0].data.resourceFhirAccount' }]);
});

test('an empty list of FHIR accounts accepts any, as in the settings', () => {
  expect(parseEvents([eventGridEvent()], { fhirAccounts: [] }).changes).toHaveLength(1);
});

describe('bad input is quarantined with its place and a remedy', () => {
  const grid = eventGridEvent();
  const data = grid['data'] as Record<string, unknown>;
  const withData = (changes: Record<string, unknown>) => ({
    ...grid,
    data: { ...data, ...changes },
  });
  const without = (name: string) =>
    Object.fromEntries(Object.entries(grid).filter(([key]) => key !== name));
  const { time: _, ...timelessCloudEvent } = cloudEvent();

  test.each<[string, unknown, string]>([
    ['null', null, 'events[0]'],
    ['text', 'event', 'events[0]'],
    ['a number in the array', [17], 'events[0]'],
    ['an array in the array', [[grid]], 'events[0]'],
    ['no id', without('id'), 'events[0].id'],
    ['an empty id', { ...grid, id: '' }, 'events[0].id'],
    ['an id of free text', { ...grid, id: 'Jane Doe, born 1970' }, 'events[0].id'],
    ['an endless id', { ...grid, id: 'x'.repeat(129) }, 'events[0].id'],
    ['no event type', without('eventType'), 'events[0].eventType'],
    ['a CloudEvent without type', { specversion: '1.0', id: 'e' }, 'events[0].type'],
    ['no time', without('eventTime'), 'events[0].eventTime'],
    ['a CloudEvent without time', timelessCloudEvent, 'events[0].time'],
    ['a time without zone', { ...grid, eventTime: '2026-01-02T03:04:05' }, 'events[0].eventTime'],
    ['a month 13', { ...grid, eventTime: '2026-13-02T03:04:05Z' }, 'events[0].eventTime'],
    ['no data', without('data'), 'events[0].data'],
    ['data as text', { ...grid, data: '{}' }, 'events[0].data'],
    ['no resource type', withData({ resourceType: undefined }), 'events[0].data.resourceType'],
    ['a lower case type', withData({ resourceType: 'patient' }), 'events[0].data.resourceType'],
    ['a path as type', withData({ resourceType: 'Patient/1' }), 'events[0].data.resourceType'],
    ['no resource id', withData({ resourceFhirId: undefined }), 'events[0].data.resourceFhirId'],
    ['a number as id', withData({ resourceFhirId: 7 }), 'events[0].data.resourceFhirId'],
    ['a step up as id', withData({ resourceFhirId: '..' }), 'events[0].data.resourceFhirId'],
    ['a path as id', withData({ resourceFhirId: 'a/b' }), 'events[0].data.resourceFhirId'],
    ['a query in the id', withData({ resourceFhirId: 'a?b' }), 'events[0].data.resourceFhirId'],
    ['half a version', withData({ resourceVersionId: 1.5 }), 'events[0].data.resourceVersionId'],
    ['a version below 0', withData({ resourceVersionId: -1 }), 'events[0].data.resourceVersionId'],
    ['a version null', withData({ resourceVersionId: null }), 'events[0].data.resourceVersionId'],
    ['a version object', withData({ resourceVersionId: {} }), 'events[0].data.resourceVersionId'],
  ])('%s', (_, body, place) => {
    const parsed = parseEvents(body, {});
    expect(parsed.changes).toEqual([]);
    expect(parsed.quarantined).toHaveLength(1);
    const [quarantined] = parsed.quarantined;
    expect(quarantined?.place).toBe(place);
    expect(quarantined?.problem).toMatch(/\w.*\.$/);
    expect(quarantined?.remedy).toMatch(/\w.*\.$/);
  });

  test('the messages never repeat the values found', () => {
    const canary = 'CANARY Jane Doe';
    const bodies = [
      { ...grid, id: canary },
      { ...grid, eventTime: canary },
      { ...grid, data: canary },
      ...['resourceType', 'resourceFhirId', 'resourceVersionId'].map((name) =>
        withData({ [name]: canary }),
      ),
    ];
    const parsed = parseEvents(bodies, {});
    expect(parsed.quarantined).toHaveLength(bodies.length);
    expect(JSON.stringify(parsed)).not.toContain('CANARY');
  });
});

test('a version is optional, and text versions of other FHIR services are kept', () => {
  const { changes } = parseEvents(
    [
      { ...eventGridEvent(), data: { resourceType: 'Patient', resourceFhirId: 'p1' } },
      eventGridEvent({ version: 'f3a1' }),
    ],
    {},
  );
  expect(changes.map(({ versionId }) => versionId)).toEqual([undefined, 'f3a1']);
});

describe('whatever a stranger sends', () => {
  const nearlyAnEvent = fc.record(
    {
      id: fc.oneof(fc.uuid(), fc.anything()),
      specversion: fc.constant('1.0'),
      eventType: fc.oneof(
        fc
          .constantFrom('Created', 'Deleted')
          .map((x) => `Microsoft.HealthcareApis.FhirResource${x}`),
        fc.anything(),
      ),
      eventTime: fc.oneof(fc.constant('2026-01-02T03:04:05Z'), fc.string(), fc.anything()),
      time: fc.oneof(fc.constant('2026-01-02T03:04:05Z'), fc.anything()),
      type: fc.oneof(fc.constant('Microsoft.HealthcareApis.FhirResourceUpdated'), fc.anything()),
      data: fc.oneof(
        fc.record(
          {
            resourceType: fc.oneof(fc.constant('Patient'), fc.anything()),
            resourceFhirId: fc.oneof(fc.uuid(), fc.anything()),
            resourceVersionId: fc.oneof(fc.nat(), fc.anything()),
            resourceFhirAccount: fc.anything(),
          },
          { requiredKeys: [] },
        ),
        fc.anything(),
      ),
    },
    { requiredKeys: [] },
  );
  const element = fc.oneof({ weight: 3, arbitrary: nearlyAnEvent }, fc.anything());

  test('parsing never throws and every event ends as change, quarantined or ignored', () => {
    fc.assert(
      fc.property(fc.array(element), fc.option(fc.nat(20)), (events, maxEvents) => {
        const options = maxEvents === null ? {} : { maxEvents };
        const { changes, quarantined, ignored } = parseEvents(events, options);
        expect(changes.length + quarantined.length + ignored).toBe(events.length);
        expect(new Set(quarantined.map(({ index }) => index)).size).toBe(quarantined.length);
        for (const each of changes) {
          expect(changeSchema.safeParse(each).success).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a body that is no array counts as one event', () => {
    fc.assert(
      fc.property(
        element.filter((body) => !Array.isArray(body)),
        (body) => {
          const { changes, quarantined, ignored } = parseEvents(body, {});
          expect(changes.length + quarantined.length + ignored).toBe(1);
        },
      ),
    );
  });

  test('a bad neighbour changes nothing about the good ones', () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 5 }), (neighbours) => {
        const good = eventGridEvent({ id: 'the-good-one' });
        const { changes } = parseEvents([...neighbours, good, ...neighbours], {});
        expect(changes).toContainEqual({ ...change, changeId: 'the-good-one' });
      }),
    );
  });
});
