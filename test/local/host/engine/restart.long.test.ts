import { test } from 'vitest';
import { checkRestarts } from './restart-property.ts';

test('10,000 random orchestrations end alike, with the same task numbers, however often the engine is restarted', async () => {
  await checkRestarts(10_000);
}, 1_800_000);
