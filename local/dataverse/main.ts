/** `node local/dataverse/main.ts [--port 8081] [--data DIR] [--extend FILE]...` */
import { parseArgs } from 'node:util';
import { startDataverse } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8081' },
    data: { type: 'string' },
    extend: { type: 'string', multiple: true, default: [] },
    'require-token': { type: 'boolean', default: false },
    'webhook-origin': { type: 'string', multiple: true, default: [] },
  },
});

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return `Port ${values.port} is in use: stop the program that listens there, or give another port with --port.`;
  }
  return `The Dataverse stand-in could not start: ${error instanceof Error ? error.message : String(error)}`;
}

try {
  const dataverse = await startDataverse({
    port: Number(values.port),
    extensions: values.extend,
    requireToken: values['require-token'],
    webhookOrigins: values['webhook-origin'],
    ...(values.data === undefined ? {} : { dataFolder: values.data }),
  });
  const stop = (): void => {
    void dataverse.close().finally(() => process.exit(0));
  };
  process.once('disconnect', stop);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.send?.({ type: 'ready', url: dataverse.url });
  process.stdout.write(`Dataverse Web API on ${dataverse.url}/api/data/v9.2\n`);
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}
