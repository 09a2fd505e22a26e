import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startService, type TestService } from './web-api-client.ts';
import { type Receiver, registerStep, startReceiver } from './webhook-receiver.ts';

let service: TestService;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  service = await startService({ webhookRetryMs: 1 });
  for (const message of ['Create', 'Update', 'Delete']) {
    await registerStep(service, { message, table: 'new_thing', url: receiver.url });
  }
});
afterAll(async () => {
  await service.close();
  await receiver.close();
});

const ids = [1, 2, 3].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);
const act = fc.record({
  method: fc.constantFrom('PATCH', 'PATCH', 'DELETE'),
  id: fc.constantFrom(...ids),
  body: fc.constantFrom({ new_count: 1 }, { new_note: 'n' }, { new_nothing: 1 }, { new_name: 'x' }),
});
interface Act {
  readonly method: string;
  readonly id: string;
  readonly body: object;
}
const call = fc.record({
  isAtomic: fc.boolean(),
  acts: fc.array(act, { minLength: 1, maxLength: 4 }),
});

function part({ method, id, body }: Act, index: number): string {
  const content = method === 'DELETE' ? '' : JSON.stringify(body);
  return `--p\r\nContent-Type: application/http\r\nContent-ID: ${index + 1}\r\n\r\n${method} /api/data/v9.2/new_things(${id}) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n${content}\r\n`;
}

async function send({
  isAtomic,
  acts,
}: {
  isAtomic: boolean;
  acts: readonly Act[];
}): Promise<void> {
  const parts = `${acts.map(part).join('')}--p--\r\n`;
  const body = isAtomic
    ? `--o\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\n${parts}--o--\r\n`
    : parts;
  await service.call('POST', '$batch', body, {
    'Content-Type': `multipart/mixed; boundary=${isAtomic ? 'o' : 'p'}`,
    Prefer: 'odata.continue-on-error',
  });
}

const logSchema = z.object({
  next: z.number(),
  writes: z.array(z.object({ table: z.string(), id: z.string(), kind: z.string() })),
});

test('what is told is what was committed: every write once, whatever failed beside it', async () => {
  let total = 0;
  let since = logSchema.parse((await service.control('GET', 'writes')).json).next;
  await fc.assert(
    fc.asyncProperty(
      fc.array(call, { maxLength: 6 }),
      fc.array(fc.constantFrom(200, 202, 500, 404), { maxLength: 5 }),
      async (calls, statuses) => {
        receiver.deliveries.length = 0;
        receiver.statuses.length = 0;
        receiver.statuses.push(...statuses);
        for (const one of calls) {
          await send(one);
        }
        await expect
          .poll(async () => (await service.control('GET', 'status')).json['pendingDeliveries'], {
            ...{ timeout: 10_000, interval: 5 },
          })
          .toBe(0);
        const log = logSchema.parse((await service.control('GET', `writes?since=${since}`)).json);
        since = log.next;
        const written = log.writes.map(({ kind, id }) => `${kind} ${id}`);
        const told = receiver.deliveries.map(
          ({ context }) =>
            `${String(context['MessageName']).toLowerCase()} ${context['PrimaryEntityId']}`,
        );
        total += written.length;
        expect(told.toSorted()).toEqual(written.toSorted());
      },
    ),
    { numRuns: 25 },
  );
  expect(total).toBeGreaterThan(20);
});
