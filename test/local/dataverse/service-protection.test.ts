import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataverseError } from '../../../local/dataverse/protocol-error.ts';
import {
  protectionSchema,
  ServiceProtection,
} from '../../../local/dataverse/service-protection.ts';
import { startService } from './web-api-client.ts';

const arrival = (now: number, user = 'a', cookie?: string) => ({ user, now, cookie });
const make = (limits: object) => new ServiceProtection(protectionSchema.parse(limits));

function outcome(protection: ServiceProtection, now: number, user?: string, cookie?: string) {
  try {
    return protection.admit(arrival(now, user, cookie));
  } catch (error) {
    if (error instanceof DataverseError) {
      return { code: error.code, wait: Number(error.headers['Retry-After']), text: error.message };
    }
    throw error;
  }
}
const codeOf = (found: ReturnType<typeof outcome>) => ('code' in found ? found.code : 'in');

describe('A6: service protection', () => {
  test('the limits are Microsoft’s unless others are given', () => {
    expect(protectionSchema.parse({})).toEqual({
      requests: 6000,
      executionMs: 1_200_000,
      concurrency: 52,
      windowMs: 300_000,
      servers: 1,
    });
  });

  test('the 6001st request in five minutes is 429 0x80072322 until the first leaves the window', () => {
    const protection = make({});
    for (let index = 0; index < 6000; index += 1) {
      protection.admit(arrival(index * 10)).done(1);
    }
    const refused = outcome(protection, 60_000);
    expect(refused).toMatchObject({ code: '0x80072322', wait: 240 });
    expect(codeOf(outcome(protection, 299_999))).toBe('0x80072322');
    expect(codeOf(outcome(protection, 300_000))).toBe('in');
  });

  test('1200 seconds of execution are 429 0x80072321 until enough of them leave the window', () => {
    const protection = make({});
    for (let index = 0; index < 4; index += 1) {
      protection.admit(arrival(index * 1000)).done(300_000);
    }
    expect(outcome(protection, 100_000)).toMatchObject({ code: '0x80072321', wait: 200 });
    expect(codeOf(outcome(protection, 300_000))).toBe('in');
  });

  test('the 53rd request at once is 429 0x80072326, and one that ends makes room', () => {
    const protection = make({});
    const running = Array.from({ length: 52 }, () => protection.admit(arrival(0)));
    expect(outcome(protection, 0)).toMatchObject({ code: '0x80072326', wait: 1 });
    running[0]?.done(1);
    expect(codeOf(outcome(protection, 0))).toBe('in');
  });

  test('every user has limits of its own', () => {
    const protection = make({ requests: 1 });
    expect(codeOf(outcome(protection, 0, 'a'))).toBe('in');
    expect(codeOf(outcome(protection, 0, 'a'))).toBe('0x80072322');
    expect(codeOf(outcome(protection, 0, 'b'))).toBe('in');
  });

  test('every server counts for itself; the affinity cookie keeps a caller on one', () => {
    const protection = make({ requests: 2, servers: 3 });
    const codes = Array.from({ length: 7 }, () => codeOf(outcome(protection, 0)));
    expect(codes).toEqual([...Array(6).fill('in'), '0x80072322']);
    const kept = make({ requests: 2, servers: 3 });
    const sent = Array.from({ length: 3 }, () => codeOf(outcome(kept, 0, 'a', 'ARRAffinity=1')));
    expect(sent).toEqual(['in', 'in', '0x80072322']);
  });

  test('the wait grows for who keeps pushing, and no further than the window', () => {
    const protection = make({ requests: 1, windowMs: 10_000 });
    protection.admit(arrival(0)).done(1);
    const waits = Array.from({ length: 8 }, () => {
      const found = outcome(protection, 5_000);
      return 'wait' in found ? found.wait : 0;
    });
    expect(waits).toEqual([5, 6, 7, 8, 9, 10, 10, 10]);
  });

  test('law: in no window are more requests let in than the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }), (steps) => {
        const protection = make({ requests: 3, windowMs: 1000 });
        const admitted: number[] = [];
        let now = 0;
        for (const step of steps) {
          now += step;
          const found = outcome(protection, now);
          if (!('code' in found)) {
            found.done(0);
            admitted.push(now);
          }
        }
        for (const at of admitted) {
          const inWindow = admitted.filter((one) => one > at - 1000 && one <= at);
          expect(inWindow.length).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});

test('answers tell what is left, per user of the token', async () => {
  const service = await startService();
  await service.control('POST', 'protection', { requests: 10, servers: 2 });
  const left = async (headers: Record<string, string>) => {
    const answer = await service.call('GET', 'contacts?$top=1', undefined, headers);
    return answer.headers.get('x-ms-ratelimit-burst-remaining-xrm-requests');
  };
  const { json } = await service.control('POST', 'users', { administrator: true });
  const cookie = { Cookie: 'ARRAffinity=0' };
  const other = { ...cookie, Authorization: `Bearer ${json['applicationId']}` };
  expect([await left(cookie), await left(cookie), await left(other)]).toEqual(['9', '8', '9']);
  const { headers } = await service.call('GET', 'contacts?$top=1');
  expect(headers.get('set-cookie')).toMatch(/^ARRAffinity=[01];/);
  expect(headers.get('x-ms-ratelimit-time-remaining-xrm-requests')).toMatch(/^1,(200|199)\.\d\d$/);
  await service.close();
});
