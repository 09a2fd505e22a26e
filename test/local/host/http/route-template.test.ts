import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRoute } from '../../../../local/host/http/route-template.ts';

const match = (template: string, path: string) => compileRoute(template).match(path);

describe('a route template', () => {
  it.each([
    ['patients/{id}', 'patients/7', { id: '7' }],
    ['patients/{id}', 'PATIENTS/7', { id: '7' }],
    ['patients/{id}', 'patients', undefined],
    ['patients/{id}', 'patients/7/8', undefined],
    ['patients/{id?}', 'patients', {}],
    ['patients/{id:int?}', 'patients', {}],
    ['patients/{id:int?}', 'patients/x', undefined],
    ['greet/{name=world}', 'greet', { name: 'world' }],
    ['{*rest}', '', {}],
    ['{*rest}', 'a/b', { rest: 'a/b' }],
    [
      '{resource}/{id}/_history/{version:int}',
      'Patient/a/_history/3',
      { resource: 'Patient', id: 'a', version: '3' },
    ],
    ['{name}.{format}', 'a.b.json', { name: 'a', format: 'b.json' }],
    ['v{major:int}/x', 'v2/x', { major: '2' }],
    ['$metadata', '$metadata', {}],
    ['a+b', 'aab', undefined],
    ['p/{x:regex(^\\d{{2}}$)}', 'p/42', { x: '42' }],
    ['p/{x:regex(^\\d{{2}}$)}', 'p/421', undefined],
    ['p/{x:length(2,3)}', 'p/abcd', undefined],
    ['p/{x:range(1,5)}', 'p/5', { x: '5' }],
    [
      'p/{x:guid}',
      'p/0e984725-c51c-4bf4-9960-e1c80e27aba0',
      { x: '0e984725-c51c-4bf4-9960-e1c80e27aba0' },
    ],
    ['p/{x:bool}', 'p/maybe', undefined],
    ['p/{x}', 'p/a%2Fb%20c', { x: 'a%2Fb c' }],
    ['p/{x}', 'p/%zz', { x: '%zz' }],
  ])('%s on %s gives %j', (template, path, expected) => {
    expect(match(template, path)).toEqual(expected);
  });

  it('gives every segment back as it was before encoding', () => {
    const text = fc.string({ minLength: 1 }).filter((value) => !/[/%]/.test(value) && value !== '');
    fc.assert(
      fc.property(text, (value) => {
        const path = `patients/${encodeURIComponent(value)}`;
        expect(match('patients/{id}', path)).toEqual({ id: value });
      }),
    );
  });

  it('orders literal before constrained before free before catch-all', () => {
    const templates = ['a/{*rest}', 'a/{id}', 'a/{id:int}', 'a/b'];
    const order = [...templates].sort((left, right) =>
      compileRoute(left).precedence < compileRoute(right).precedence ? -1 : 1,
    );
    expect(order).toEqual([...templates].reverse());
  });
});
