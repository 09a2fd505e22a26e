import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Due, DueHeap } from '../../../local/event-grid/due-heap.ts';

test('a heap gives back what was put in, the earliest and oldest first, whatever happens in between', () => {
  const item = fc.record({ dueAt: fc.integer({ min: 0, max: 9 }), sequence: fc.nat(99) });
  const step = fc.option(item, { nil: undefined });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new DueHeap<Due>();
      const model: Due[] = [];
      for (const one of steps) {
        if (one === undefined) expect(heap.pop()).toEqual(model.shift());
        else {
          heap.push(one);
          model.push(one);
          model.sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.first).toEqual(model[0]);
      }
    }),
  );
});
