import type { Certificate } from './certificate-schema.ts';
import type { SignatureState } from './contract.ts';

export interface Proof {
  readonly proves: readonly string[];
  readonly doesNotProve: readonly string[];
}

/** What a sound certificate proves, and what it cannot, in plain words. */
export function proofOf(certificate: Certificate, signature: SignatureState): Proof {
  const given = (sentence: string, holds: boolean): readonly string[] => (holds ? [sentence] : []);
  const { migration, comparison, references, verdict, differences } = certificate;
  return {
    proves: [
      'No byte of this file was changed since it was sealed, as far as the seal can tell.',
      'All figures follow from each other: roots from leaves, totals from windows, the verdict from both.',
      contentSentence(certificate),
      ...given(
        'Every exported line was loaded, was there already, or is in quarantine by cause.',
        verdict !== 'different',
      ),
      ...given(
        'Whoever holds the private part of the key you gave signed exactly this text.',
        signature.kind === 'trusted',
      ),
    ],
    doesNotProve: [
      signature.kind === 'trusted'
        ? 'That the signer read both services honestly: a signature proves who said it, not that it is so.'
        : 'Who made it: anyone can seal a file anew after a change. Only a signature by a key you trust shows that (--public-key).',
      'That the services held this at another time than the comparison, or hold it today.',
      'That nothing lies outside the range and the types named above.',
      ...given(
        'That the content equals the source: it was de-identified, and what was compared is what the export gave out.',
        migration.deidentified,
      ),
      ...given(
        'Anything about older versions: only current ones were compared.',
        comparison.mode === 'current',
      ),
      ...given(
        'That versionId and lastUpdated are the same: the target gives its own.',
        !comparison.countVersions,
      ),
      ...given('That references hold: they were not checked.', references === null),
      ...given(
        'Each difference by name: the list is cut, the counts are not.',
        differences.listed.length < differences.count,
      ),
      'That searches, profiles, permissions and clients behave the same: only resources were compared.',
    ],
  };
}

function contentSentence({ verdict, types, comparison }: Certificate): string {
  const equal = types.reduce((sum, type) => sum + type.equal, 0);
  const what = comparison.mode === 'versions' ? 'resource versions' : 'resources';
  const figure = `${equal.toLocaleString('en-US')} ${what}`;
  switch (verdict) {
    case 'equal':
      return `By its digests, source and target held the same ${figure}, content for content.`;
    case 'equal-except-quarantined':
      return `By its digests, source and target held the same ${figure}; the source's others are exactly those excepted as quarantined.`;
    case 'different':
      return `Source and target were not found equal; ${figure} were, and what differs or was not accounted for is counted above.`;
  }
}
