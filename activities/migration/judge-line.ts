import { isResourceId } from '../../shared/fhir/index.ts';
import type { ScannedLine } from './chunk-lines.ts';
import type { QuarantinedLine } from './quarantine.ts';

/** Digits that `$import` takes in a decimal (facts/migration.md §1.7, fault 15). */
const mostDigits = 18;

export interface Version {
  readonly resourceType: string;
  readonly id: string;
  readonly versionId: string | null;
  readonly lastUpdated: string | null;
}

export type Judged =
  | { readonly kind: 'fit'; readonly version: Version }
  | { readonly kind: 'unfit'; readonly resourceType: string; readonly line: QuarantinedLine };

/** Finds what the target would refuse before it is asked (facts/migration.md §4, goal 5). */
export function judgeLine({ line, scan }: ScannedLine, fallbackType: string): Judged {
  if (scan.kind === 'unreadable') {
    const reference = `${fallbackType}/?`;
    return unfit(fallbackType, {
      bytes: line.bytes,
      reference,
      versionId: null,
      cause: 'unreadable',
    });
  }
  const { resourceType, id, versionId = null, lastUpdated = null, longestDecimal } = scan;
  const isKnown = id !== undefined && isResourceId(id);
  if (isKnown && longestDecimal <= mostDigits) {
    return { kind: 'fit', version: { resourceType, id, versionId, lastUpdated } };
  }
  return unfit(resourceType, {
    ...{ bytes: line.bytes, reference: `${resourceType}/${id ?? '?'}`, versionId },
    cause: isKnown ? 'decimal-too-long' : 'invalid-id',
  });
}

/** The bytes are copied: a view would keep the whole chunk of the file in memory. */
const unfit = (resourceType: string, line: QuarantinedLine): Judged => ({
  kind: 'unfit',
  resourceType,
  line: { ...line, bytes: Buffer.from(line.bytes) },
});
