import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { HostError, messageOf } from '../host-error.ts';
import type { AppLocation } from './entry-point.ts';
import { provideCore } from './provide-core.ts';
import { type Registration, registration } from './registration.ts';

let loaded = false;

/**
 * Loads the app's entry modules unchanged: TypeScript by type stripping,
 * ES modules and CommonJS by Node's own rules. Runs appStart hooks, then closes
 * registration (order: facts durable-host 2.1).
 * @throws HostError APP_FAILED, APP_UNSUPPORTED
 */
export async function loadApp({ folder, entries }: AppLocation): Promise<Registration> {
  if (loaded) {
    throw new HostError(
      'APP_UNSUPPORTED',
      'This process already runs a function app: modules load once, so start another process for another app.',
    );
  }
  loaded = true;
  provideCore();
  for (const entry of entries) await loadEntry(entry);
  for (const hook of registration.hooks('appStart')) {
    await hook({
      functionAppDirectory: folder,
      hookData: {},
      appHookData: registration.appHookData,
    });
  }
  await refuseStreaming();
  registration.lock();
  if (registration.functions.size > 0) return registration;
  throw new HostError(
    'APP_FAILED',
    `No function was registered by ${entries.join(', ')}: does the entry import the files that call app.http(…) and the like?`,
  );
}

async function loadEntry(entry: string): Promise<void> {
  try {
    if (/\.c[jt]s$/.test(entry)) createRequire(entry)(entry);
    else await import(pathToFileURL(entry).href);
  } catch (problem) {
    throw new HostError('APP_FAILED', `${entry} failed to load: ${messageOf(problem)}`, problem);
  }
}

/** Azure's streaming sends bodies past the host over a second server inside the app; ours passes bodies whole. */
async function refuseStreaming(): Promise<void> {
  const capabilities = await registration.model?.getCapabilities?.({});
  if (capabilities?.['HttpUri'] === undefined) return;
  throw new HostError(
    'APP_UNSUPPORTED',
    'The app calls app.setup({ enableHttpStream: true }), which this host does not support: leave it out for local runs.',
  );
}
