import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GridEvent, parseEvents } from '../../../local/event-grid/event.ts';
import { compileFilter, filterBody } from '../../../local/event-grid/filter.ts';
import { fhirEvent } from './receiver.ts';

const [patient] = parseEvents(JSON.stringify([fhirEvent('AbC')]), {
  topic: '/topics/fhir',
  now: 0,
});

function accepts(filter: object, event: GridEvent = patient!): boolean {
  return compileFilter(filterBody.parse(filter))(event);
}

const advanced = (operatorType: string, key: string, rest: object = {}) => ({
  advancedFilters: [{ operatorType, key, ...rest }],
});

describe('filters', () => {
  test.each([
    ['nothing', {}, true],
    [
      'its event type, whatever the case',
      { includedEventTypes: ['other', fhirEvent('1').eventType.toUpperCase()] },
      true,
    ],
    ['another event type', { includedEventTypes: ['other'] }, false],
    [
      'the FHIR host and type',
      { subjectBeginsWith: 'local.fhir.azurehealthcareapis.com/Patient/' },
      true,
    ],
    ['another type', { subjectBeginsWith: 'local.fhir.azurehealthcareapis.com/Encounter/' }, false],
    ['an end in another case', { subjectEndsWith: '/ABC' }, true],
    [
      'an end in another case when case counts',
      { subjectEndsWith: '/ABC', isSubjectCaseSensitive: true },
      false,
    ],
    [
      'StringIn',
      advanced('StringIn', 'data.resourceType', { values: ['encounter', 'patient'] }),
      true,
    ],
    [
      'StringIn without it',
      advanced('StringIn', 'data.resourceType', { values: ['Encounter'] }),
      false,
    ],
    ['StringNotIn', advanced('StringNotIn', 'data.resourceType', { values: ['Encounter'] }), true],
    ['StringBeginsWith', advanced('StringBeginsWith', 'subject', { values: ['LOCAL.'] }), true],
    ['StringEndsWith', advanced('StringEndsWith', 'Subject', { values: ['abc'] }), true],
    ['StringContains', advanced('StringContains', 'subject', { values: ['/patient/'] }), true],
    ['StringNotContains', advanced('StringNotContains', 'subject', { values: ['patient'] }), false],
    ['NumberIn', advanced('NumberIn', 'data.resourceVersionId', { values: [1, 2] }), true],
    ['NumberNotIn', advanced('NumberNotIn', 'data.resourceVersionId', { values: [2] }), false],
    [
      'NumberGreaterThan',
      advanced('NumberGreaterThan', 'data.resourceVersionId', { value: 1 }),
      true,
    ],
    [
      'NumberLessThanOrEquals',
      advanced('NumberLessThanOrEquals', 'data.resourceVersionId', { value: 1 }),
      false,
    ],
    ['BoolEquals on a missing key', advanced('BoolEquals', 'data.none', { value: false }), false],
    [
      'StringIn on a missing key',
      advanced('StringIn', 'data.none.deeper', { values: ['x'] }),
      false,
    ],
    ['StringNotIn on a missing key', advanced('StringNotIn', 'data.none', { values: ['x'] }), true],
    ['IsNullOrUndefined', advanced('IsNullOrUndefined', 'data.none'), true],
    ['IsNotNull', advanced('IsNotNull', 'data.resourceType'), true],
  ])('%s', (_, filter, expected) => {
    expect(accepts(filter)).toBe(expected);
  });

  test('a negative operator is the complement of its positive one', () => {
    const operator = fc.constantFrom('In', 'BeginsWith', 'EndsWith', 'Contains');
    const values = fc.array(fc.string(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(operator, values, fc.string(), (name, wanted, subject) => {
        const event = { ...patient!, subject };
        const positive = accepts(advanced(`String${name}`, 'subject', { values: wanted }), event);
        const negative = accepts(
          advanced(`StringNot${name}`, 'subject', { values: wanted }),
          event,
        );
        expect(negative).toBe(!positive);
      }),
    );
  });
});
