import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serve } from './running-service.ts';

const decimal = fc
  .tuple(fc.boolean(), fc.nat({ max: 99_999 }), fc.stringMatching(/^\d{1,18}$/))
  .map(([negative, whole, digits]) => `${negative ? '-' : ''}${whole}.${digits}`);

test('a decimal comes back digit for digit, also after a patch of another element', async () => {
  const service = await serve();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(decimal, async (value) => {
      count += 1;
      const body = observation(`o${count}`, value);
      const stored = await service.call('PUT', `/Observation/o${count}`, body);
      expect([stored.status, stored.text.includes(`"value":${value},`)]).toEqual([201, true]);
      const patch = [
        { op: 'test', path: '/status', value: 'final' },
        { op: 'replace', path: '/status', value: 'amended' },
      ];
      const type = { 'content-type': 'application/json-patch+json' };
      const patched = await service.call('PATCH', `/Observation/o${count}`, patch, type);
      expect([patched.status, patched.text.includes(`"value":${value},`)]).toEqual([200, true]);
    }),
    { numRuns: 30, examples: [['1.10'], ['72.0'], ['0.000000000000000001']] },
  );
});

test('a decimal with trailing zeros is searched by its value and tested by it in a patch', async () => {
  const service = await serve();
  await service.call('PUT', '/Observation/o', observation('o', '61.50'));
  const found = await service.call('GET', '/Observation?value-quantity=gt61.4&_summary=count');
  expect(found.json.total).toBe(1);
  const patch = [
    { op: 'test', path: '/valueQuantity/value', value: 61.5 },
    { op: 'replace', path: '/valueQuantity/value', value: 62.25 },
  ];
  const type = { 'content-type': 'application/json-patch+json' };
  expect((await service.call('PATCH', '/Observation/o', patch, type)).status).toBe(200);
  const moved = await service.call('GET', '/Observation?value-quantity=lt62&_summary=count');
  expect(moved.json.total).toBe(0);
});

test('an object that looks like the inner form of an exact number is refused', async () => {
  const service = await serve();
  const body = observation('o', '{"rawJSON":"1.10"}');
  expect((await service.call('PUT', '/Observation/o', body)).status).toBe(400);
});

test('text that looks like numbers stays text beside decimals that keep their digits', async () => {
  const service = await serve();
  const texts = ['":1.10,"', '[1.10, 2.20]', ':1.10}', '\\\\": 1.10,', '1.10', '\u0000', 'x\\'];
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...texts)), decimal, async (parts, value) => {
      count += 1;
      const id = `t${count}`;
      const note = JSON.stringify(parts.map((text) => ({ text: `a${text}` })));
      const body = observation(id, value).replace(/}$/, `,"note":${note}}`);
      const whole = parts.length === 0 ? body.replace(',"note":[]', '') : body;
      const stored = await service.call('PUT', `/Observation/${id}`, whole, {});
      expect(stored.status).toBe(201);
      const { meta: _meta, ...read } = JSON.parse(stored.text);
      expect(read).toEqual(JSON.parse(whole));
      expect(stored.text).toContain(`"value":${value},`);
    }),
    { numRuns: 50 },
  );
});

function observation(id: string, value: string): string {
  return `{"resourceType":"Observation","id":"${id}","status":"final","code":{"text":"x"},"valueQuantity":{"value":${value},"unit":"x"}}`;
}
