import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closurePasses,
  createClosureCheck,
  mergeClosures,
  type ReferenceClosure,
} from '../../../shared/proof/index.ts';

interface Case {
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly references: readonly (readonly [from: string, reference: string])[];
  readonly bases?: readonly string[];
}

function check({ source, target, references, bases = [] }: Case, passes = 1): ReferenceClosure {
  const parts = Array.from({ length: passes }, (_none, pass) => {
    const closure = createClosureCheck({ pass, passes, bases });
    for (const [side, ids] of [
      ['source', source],
      ['target', target],
    ] as const) {
      for (const id of ids) closure.addId(side, id.split('/')[0] ?? '', id.split('/')[1] ?? '');
    }
    for (const [from, reference] of references) closure.addReference(from, reference);
    return closure.finish();
  });
  return mergeClosures(parts);
}

describe('the reference closure', () => {
  it('tells what the migration broke from what dangled before', () => {
    const found = check({
      source: ['Patient/1', 'Patient/2'],
      target: ['Patient/1'],
      references: [
        ['Encounter/a', 'Patient/1'],
        ['Encounter/b', 'Patient/2'],
        ['Encounter/c', 'Patient/3'],
      ],
    });
    expect(found).toEqual({
      ...{ local: 3, elsewhere: 0, broken: 1, danglingInSource: 1 },
      brokenExamples: [{ from: 'Encounter/b', to: 'Patient/2' }],
      danglingExamples: [{ from: 'Encounter/c', to: 'Patient/3' }],
    });
  });

  it.each([
    ['Patient/1', 'local'],
    ['Patient/1/_history/4', 'local'],
    ['https://a.example/fhir/Patient/1', 'local'],
    ['https://b.example/Patient/1/_history/4', 'local'],
    ['https://c.example/Patient/1', 'elsewhere'],
    ['https://a.example/fhirPatient/1', 'elsewhere'],
    ['#contained', 'elsewhere'],
    ['urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0', 'elsewhere'],
    ['Patient?identifier=x', 'elsewhere'],
    ['', 'elsewhere'],
    ['Patient/', 'elsewhere'],
  ])('"%s" is %s', (reference, kind) => {
    const found = check({
      source: ['Patient/1'],
      target: ['Patient/1'],
      references: [['Basic/1', reference]],
      bases: ['https://a.example/fhir/', 'https://b.example'],
    });
    expect([found.local, found.elsewhere]).toEqual(kind === 'local' ? [1, 0] : [0, 1]);
    expect(found.broken + found.danglingInSource).toBe(0);
  });

  it('is the same in any number of passes, and as a set of texts says', () => {
    const name = fc
      .tuple(fc.constantFrom('Patient', 'Group'), fc.integer({ min: 0, max: 30 }))
      .map(([type, id]) => `${type}/${id}`);
    const names = fc.array(name, { maxLength: 40 });
    fc.assert(
      fc.property(
        names,
        names,
        names,
        fc.integer({ min: 1, max: 5 }),
        (source, target, to, passes) => {
          const references = to.map((reference) => ['Basic/1', reference] as const);
          const found = check({ source, target, references }, passes);
          const absent = to.filter((one) => !target.includes(one));
          expect(found.local).toBe(to.length);
          expect(found.broken).toBe(absent.filter((one) => source.includes(one)).length);
          expect(found.danglingInSource).toBe(absent.filter((one) => !source.includes(one)).length);
          expect(check({ source, target, references }, 1)).toEqual(found);
        },
      ),
    );
  });

  it('is exact among 200,000 ids, with the examples cut and the counts not', () => {
    const closure = createClosureCheck({ examples: 3 });
    for (let id = 0; id < 200_000; id += 1) {
      closure.addId('source', 'Patient', `p-${id}`);
      if (id % 1_000 !== 5) closure.addId('target', 'Patient', `p-${id}`);
    }
    for (let id = 0; id < 200_000; id += 1)
      closure.addReference(`Encounter/e-${id}`, `Patient/p-${id}`);
    const { local, broken, brokenExamples } = closure.finish();
    expect({ local, broken, examples: brokenExamples.length }).toEqual({
      local: 200_000,
      broken: 200,
      examples: 3,
    });
  });

  it('needs as many passes as memory asks for', () => {
    expect(closurePasses(0)).toBe(1);
    expect(closurePasses(1_000_000)).toBe(1);
    expect(closurePasses(100_000_000)).toBeGreaterThan(30);
    expect(closurePasses(1_000, { maxBytes: 4_500 })).toBe(10);
  });
});
