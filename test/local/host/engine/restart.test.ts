import { test } from 'vitest';
import { checkRestarts } from './restart-property.ts';

test('100 random orchestrations end alike, with the same task numbers, however often the engine is restarted', async () => {
  await checkRestarts(100);
}, 120_000);
