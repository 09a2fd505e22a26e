import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addToLedger,
  openTypes,
  sumLedgers,
  totalOf,
  type WindowLedger,
} from '../../../shared/migration/index.ts';

const counts = fc.record({
  exported: fc.nat(1000),
  loaded: fc.nat(1000),
  present: fc.nat(1000),
  quarantined: fc.nat(1000),
});
const ledgers = fc.dictionary(fc.constantFrom('Patient', 'Observation', 'Encounter'), counts);

describe('the books of a window', () => {
  it('close exactly when every exported version is loaded, present or quarantined', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.nat(100),
        fc.nat(100),
        fc.integer({ min: -3, max: 3 }),
        (loaded, present, quarantined, wrong) => {
          const exported = Math.max(0, loaded + present + quarantined + wrong);
          const ledger: WindowLedger = { Patient: { exported, loaded, present, quarantined } };
          expect(openTypes(ledger)).toEqual(
            exported === loaded + present + quarantined ? [] : ['Patient'],
          );
        },
      ),
    );
  });

  it('are the same in whatever order parts are added', () => {
    fc.assert(
      fc.property(fc.array(ledgers, { maxLength: 6 }), (parts) => {
        expect(sumLedgers(parts)).toEqual(sumLedgers(parts.toReversed()));
        expect(totalOf(sumLedgers(parts))).toEqual(
          parts
            .map(totalOf)
            .reduce((sum, part) => totalOf(addToLedger({ all: sum }, 'all', part)), totalOf({})),
        );
      }),
    );
  });
});
