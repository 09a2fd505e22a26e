import { join } from 'node:path';
import { locateApp } from './app/entry-point.ts';
import { messageOf } from './host-error.ts';
import { problemReply, type Reply } from './http/reply.ts';
import type { HostRequest } from './http/request.ts';
import { openWebServer, type WebServer } from './http/web-server.ts';
import { createHostLog, type HostLog } from './invocation/host-log.ts';
import type { HostOptions, RunningHost } from './options.ts';
import { type AppRun, runApp } from './run-app.ts';
import { applySettings, type Environment } from './settings/app-settings.ts';
import { type HostJson, readHostJson } from './settings/host-json.ts';
import { provideKeys } from './settings/keys.ts';

const defaultBodyLimit = 100 * 1_024 * 1_024;
const defaultDrainSeconds = 10;

/**
 * Runs an unchanged Azure Functions v4 app for Node on this machine, on
 * loopback only. One app per process: its modules load once.
 * @throws HostError when the app, its settings or the port cannot be used
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const location = locateApp(options.app);
  const settingsFile = options.settingsFile ?? join(location.folder, 'local.settings.json');
  applySettings(settingsFile, options.environment, options.settingsFile !== undefined);
  const hostJson = readHostJson(location.folder);
  const keys = provideKeys(options.dataFolder, options.keys ?? {});
  const log = openLog(options, hostJson);

  let app: AppRun | undefined;
  const server = await openWebServer({
    port: options.port,
    bodyLimit: options.bodyLimit ?? defaultBodyLimit,
    handle: (request) => app?.handle(request) ?? notReady(request),
    onDefect: (problem) =>
      log.write({ level: 'critical', source: 'host', message: messageOf(problem) }),
  });
  try {
    announce(options.environment, server.url);
    app = await runApp({ options, location, hostJson, keys, log, url: server.url });
  } catch (problem) {
    await server.close();
    throw problem;
  }
  return { url: server.url, keys, functions: app.functions, close: closing(app, server, options) };
}

function openLog(options: HostOptions, hostJson: HostJson): HostLog {
  const print = options.print ?? ((line: string) => void process.stderr.write(line));
  return createHostLog(options.logLevel ?? hostJson.logLevel ?? 'warning', print);
}

async function notReady(_request: HostRequest): Promise<Reply> {
  return problemReply(503, 'Starting', 'The function app is still loading: try again in a second.');
}

/** What the Functions host tells its app about itself; the durable SDK rewrites its addresses to port 7071 without the first. */
function announce(environment: Environment, url: string): void {
  environment['WEBSITE_HOSTNAME'] = new URL(url).host;
  environment['FUNCTIONS_WORKER_RUNTIME'] ??= 'node';
  environment['AZURE_FUNCTIONS_ENVIRONMENT'] ??= 'Development';
  // The durable SDK's HTTP client would send even loopback calls through a proxy.
  for (const name of ['NO_PROXY', 'no_proxy']) {
    environment[name] = [environment[name], '127.0.0.1', 'localhost'].filter(Boolean).join(',');
  }
}

function closing(app: AppRun, server: WebServer, options: HostOptions): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= app
      .close((options.drainSeconds ?? defaultDrainSeconds) * 1_000)
      .finally(() => server.close());
    return closed;
  };
}
