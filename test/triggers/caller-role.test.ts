import { describe, expect, it } from 'vitest';
import { AppError } from '../../shared/errors.ts';
import { callerName, type Role, requireRole } from '../../triggers/caller-role.ts';

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

function opens(
  header: string | undefined,
  options: { readonly url?: string; readonly mode?: 'easy-auth' | 'loopback' } = {},
): boolean {
  const { url = 'https://app.example.org/api/status', mode = 'easy-auth' } = options;
  const headers = new Headers(header === undefined ? {} : { 'x-ms-client-principal': header });
  const allowed: readonly Role[] = ['Operator'];
  try {
    requireRole({ headers, url }, mode, allowed);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'FORBIDDEN') return false;
    throw error;
  }
}

const role = (val: unknown, typ: unknown = 'roles') => ({ claims: [{ typ, val }] });

describe('a role', () => {
  it.each([
    ['the short claim', role('Operator')],
    [
      'the long claim',
      role('Operator', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'),
    ],
    [
      'one of several',
      {
        claims: [
          { typ: 'name', val: 'x' },
          { typ: 'roles', val: 'Operator' },
        ],
      },
    ],
  ])('is read from %s', (_name, principal) => {
    expect(opens(encode(principal))).toBe(true);
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['garbage', '%%%'],
    ['text that is no JSON', encode('Operator')],
    ['JSON that is no principal', encode(['Operator'])],
    ['null', encode('null')],
    ['claims that are no list', encode({ claims: { typ: 'roles', val: 'Operator' } })],
    ['a claim that is no text', encode(role(['Operator']))],
    ['another claim of that value', encode(role('Operator', 'name'))],
    ['another role', encode(role('Healthcare User'))],
    ['another spelling', encode(role('operator'))],
    ['plain JSON, not encoded', JSON.stringify(role('Operator'))],
  ])('is not found in %s', (_name, header) => {
    expect(opens(header)).toBe(false);
  });

  it('is not asked for on this machine in loopback mode, and only there', () => {
    const mode = 'loopback';
    expect(opens(undefined, { mode, url: 'http://127.0.0.1:7071/api/status' })).toBe(true);
    expect(opens(undefined, { mode, url: 'https://app.example.org/api/status' })).toBe(false);
    expect(opens(undefined, { mode, url: 'http://127.0.0.1.example.org/api' })).toBe(false);
    expect(opens(undefined, { url: 'http://127.0.0.1:7071/api/status' })).toBe(false);
  });
});

describe('the name of a caller', () => {
  const nameOf = (principal: unknown, url = 'https://app.example.org/api/maps') => {
    const header = encode(principal);
    const headers = new Headers({ 'x-ms-client-principal': header });
    return callerName({ headers, url }, 'easy-auth');
  };

  it.each([
    [
      'the user name',
      [
        ['name', 'Ann A'],
        ['preferred_username', 'ann@example.org'],
      ],
      'ann@example.org',
    ],
    ['the display name where there is no other', [['name', 'Ann A']], 'Ann A'],
    [
      'the id of an application',
      [
        ['appid', 'app-1'],
        ['roles', 'Operator'],
      ],
      'app-1',
    ],
    ['unknown, where nothing tells', [['roles', 'Operator']], 'unknown'],
  ])('is %s', (_name, claims, expected) => {
    expect(nameOf({ claims: claims.map(([typ, val]) => ({ typ, val })) })).toBe(expected);
  });

  it('is unknown for a principal that cannot be read, and bounded', () => {
    expect(nameOf('%%')).toBe('unknown');
    expect(nameOf({ claims: [{ typ: 'name', val: 'x'.repeat(999) }] })).toHaveLength(200);
  });

  it('is local on one machine in loopback mode only', () => {
    const headers = new Headers();
    const url = 'http://127.0.0.1:7071/api/maps';
    expect(callerName({ headers, url }, 'loopback')).toBe('local');
    expect(callerName({ headers, url }, 'easy-auth')).toBe('unknown');
  });
});
