import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { addOne, chainLength, fanOutWidth } from '../cases.ts';

df.app.activity('addOne', { handler: ({ value }: { value: number }) => addOne(value) });

df.app.orchestration('chain', function* (context) {
  let value = 0;
  for (let step = 0; step < chainLength; step += 1) {
    value = yield context.df.callActivity('addOne', { value });
  }
  return value;
});

df.app.orchestration('fanOut', function* (context) {
  const tasks = Array.from({ length: fanOutWidth }, (_, value) =>
    context.df.callActivity('addOne', { value }),
  );
  const values: readonly number[] = yield context.df.Task.all(tasks);
  return values.reduce((sum, value) => sum + value, 0);
});

df.app.orchestration('parallel', function* (context) {
  const value: number = yield context.df.callActivity('addOne', { value: 0 });
  return value;
});

// What this process holds, after a collection when it was started with --expose-gc.
app.http('memory', {
  handler: () => {
    globalThis.gc?.();
    return { jsonBody: process.memoryUsage() };
  },
});
