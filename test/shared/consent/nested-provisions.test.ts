import { describe, expect, test } from 'vitest';
import { evaluateConsent } from '../../../shared/consent/index.ts';
import { actors, consentWith, optIn, optOut, request } from './sample-consents.ts';

describe('nested provisions', () => {
  const ours = { actor: actors('Organization/us') };
  const others = { actor: actors('Organization/x') };
  test.each<[string, Record<string, unknown>, string, string]>([
    [
      'an exception that matches decides',
      { type: 'permit', provision: [{ type: 'deny', ...ours }] },
      'deny',
      'provision.provision[0]',
    ],
    [
      'an exception that does not match leaves the base',
      { type: 'permit', provision: [{ type: 'deny', ...others }] },
      'permit',
      'provision',
    ],
    [
      'an exception may permit',
      { type: 'deny', provision: [{ type: 'permit', ...ours }] },
      'permit',
      'provision.provision[0]',
    ],
    [
      'an exception of the same type keeps it',
      { type: 'deny', provision: [{ type: 'deny', ...ours }] },
      'deny',
      'provision.provision[0]',
    ],
    [
      'the deepest match wins',
      { type: 'permit', provision: [{ type: 'deny', provision: [{ type: 'permit', ...ours }] }] },
      'permit',
      'provision.provision[0].provision[0]',
    ],
    [
      'the deepest match wins against a shallower deny beside it',
      {
        type: 'permit',
        provision: [{ type: 'deny' }, { type: 'deny', provision: [{ type: 'permit', ...ours }] }],
      },
      'permit',
      'provision.provision[1].provision[0]',
    ],
    [
      'below an exception that does not match nothing matches',
      {
        type: 'deny',
        provision: [{ type: 'deny', ...others, provision: [{ type: 'permit', ...ours }] }],
      },
      'deny',
      'provision',
    ],
    [
      'equally deep: deny',
      { type: 'deny', provision: [{ type: 'permit', ...ours }, { type: 'deny' }] },
      'deny',
      'provision.provision[1]',
    ],
    [
      'an exception without type denies',
      { type: 'permit', provision: [{ ...ours }] },
      'deny',
      'provision.provision[0]',
    ],
    [
      'an exception below a root without a say decides',
      { provision: [{ type: 'deny', ...ours }] },
      'deny',
      'provision.provision[0]',
    ],
    [
      'an exception that permits somebody unknown has no effect',
      { type: 'deny', provision: [{ type: 'permit', actor: actors('#someone') }] },
      'deny',
      'provision',
    ],
    [
      'an exception that denies somebody unknown stands',
      { type: 'permit', provision: [{ type: 'deny', actor: actors('#someone') }] },
      'deny',
      'provision.provision[0]',
    ],
    [
      'below an exception that may not match, a permit has no effect',
      {
        type: 'deny',
        provision: [
          { type: 'permit', actor: actors('#someone'), provision: [{ type: 'permit', ...ours }] },
        ],
      },
      'deny',
      'provision',
    ],
  ])('%s', (_, root, kind, rulePath) => {
    const policy = kind === 'permit' ? optIn : optOut;
    expect(evaluateConsent([consentWith(root)], request, policy)).toMatchObject({ kind, rulePath });
  });
});
