import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filter, startService, type TestService } from './web-api-client.ts';

/** What the tables should hold: said again, naively. */
interface Expected {
  readonly parents: Set<string>;
  readonly things: Map<string, { name: string | null; parent: string | null }>;
}

type Step =
  | {
      readonly kind: 'put';
      readonly thing: number;
      readonly name: number | null;
      readonly parent: number | null;
    }
  | { readonly kind: 'delete'; readonly thing: number }
  | { readonly kind: 'deleteParent'; readonly parent: number }
  | { readonly kind: 'changeSet'; readonly steps: readonly Step[] };

const number = fc.nat(3);
const plainStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      thing: number,
      name: fc.option(number),
      parent: fc.option(number),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), thing: number }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('deleteParent' as const), parent: number }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: plainStep },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('changeSet' as const),
      steps: fc.array(plainStep, { minLength: 1, maxLength: 4 }),
    }),
  },
);

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

/** One run with its own ids, so that runs do not meet. */
class Run {
  readonly run = randomUUID().slice(0, 8);
  readonly parents = Array.from({ length: 4 }, () => randomUUID());
  readonly things = Array.from({ length: 4 }, () => randomUUID());
  expected: Expected = { parents: new Set(), things: new Map() };

  name(index: number): string {
    return `${this.run}-${index}`;
  }

  async prepare(): Promise<void> {
    for (const parent of this.parents) {
      await service.call('PATCH', `contacts(${parent})`, { lastname: 'P' });
      this.expected.parents.add(parent);
    }
  }

  request(one: Exclude<Step, { kind: 'changeSet' }>): readonly [string, string, unknown?] {
    if (one.kind === 'delete') return ['DELETE', `new_things(${this.things[one.thing]})`];
    if (one.kind === 'deleteParent') return ['DELETE', `contacts(${this.parents[one.parent]})`];
    const body = {
      new_name: one.name === null ? null : this.name(one.name),
      'new_Parent@odata.bind': one.parent === null ? null : `contacts(${this.parents[one.parent]})`,
    };
    return ['PATCH', `new_things(${this.things[one.thing]})`, body];
  }

  /** The status the naive model expects, having applied the step. */
  apply(expected: Expected, one: Exclude<Step, { kind: 'changeSet' }>): number {
    switch (one.kind) {
      case 'deleteParent':
        return this.applyDeleteParent(expected, this.parents[one.parent] ?? '');
      case 'delete':
        return expected.things.delete(this.things[one.thing] ?? '') ? 204 : 404;
      case 'put':
        return this.applyPut(expected, one);
    }
  }

  applyDeleteParent({ parents, things }: Expected, parent: string): number {
    for (const thing of things.values()) {
      thing.parent = thing.parent === parent ? null : thing.parent;
    }
    return parents.delete(parent) ? 204 : 404;
  }

  applyPut({ parents, things }: Expected, one: Step & { kind: 'put' }): number {
    const id = this.things[one.thing] ?? '';
    const name = one.name === null ? null : this.name(one.name);
    const parent = one.parent === null ? null : (this.parents[one.parent] ?? '');
    if (parent !== null && !parents.has(parent)) {
      return 404;
    }
    const others = [...things].filter(([other]) => other !== id);
    if (name !== null && others.some(([, row]) => row.name === name)) {
      return 412;
    }
    things.set(id, { name, parent });
    return 204;
  }

  async take(one: Step): Promise<void> {
    if (one.kind !== 'changeSet') {
      const { status } = await service.call(...this.request(one));
      expect(status).toBe(this.apply(this.expected, one));
      return;
    }
    const trial: Expected = structuredClone(this.expected);
    const plain = one.steps.filter((inner) => inner.kind !== 'changeSet');
    const isWhole = plain.every((inner) => this.apply(trial, inner) === 204);
    const parts = plain.map((inner) => {
      const [method, path, body] = this.request(inner);
      return `--c\r\nContent-Type: application/http\r\n\r\n${method} ${path} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${body === undefined ? '' : JSON.stringify(body)}\r\n`;
    });
    const text = `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${parts.join('')}--c--\r\n\r\n--b--\r\n`;
    const { status } = await service.call('POST', '$batch', text, {
      'Content-Type': 'multipart/mixed; boundary=b',
    });
    expect(status === 200).toBe(isWhole);
    if (isWhole) this.expected = trial;
  }

  async check(): Promise<void> {
    for (const parent of this.parents) {
      const query = `new_things?$select=new_name&${filter(`_new_parent_value eq ${parent}`)}`;
      const { json } = await service.call('GET', query);
      const value = Array.isArray(json['value']) ? json['value'] : [];
      const wanted = [...this.expected.things].filter(([, row]) => row.parent === parent);
      expect(value.map((row) => row['new_thingid']).sort()).toEqual(
        wanted.map(([id]) => id).sort(),
      );
    }
    for (const index of [0, 1, 2, 3]) {
      const { json } = await service.call('GET', `new_things(new_name='${this.name(index)}')`);
      const wanted = [...this.expected.things].find(([, row]) => row.name === this.name(index));
      expect(json['new_thingid']).toBe(wanted?.[0]);
    }
  }
}

test('indexes and keys tell the truth after any writes, alone or in change sets that fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const run = new Run();
      await run.prepare();
      for (const one of steps) {
        await run.take(one);
      }
      await run.check();
    }),
    { numRuns: 60 },
  );
});
