import type { HookContext, LogCategory } from '../app/core-contract.ts';
import type { Registration } from '../app/registration.ts';
import type { HostLog, LogEntry } from './host-log.ts';

export interface LogCall {
  readonly registration: Registration;
  readonly log: HostLog;
  readonly category: LogCategory;
  readonly entry: LogEntry;
  readonly invocationContext: unknown;
}

/** An app's log hooks may change level and text before the line is written. */
export function logThroughHooks(call: LogCall): void {
  const { registration, log, category, entry, invocationContext } = call;
  const hooks = registration.hooks('log');
  if (hooks.length === 0) {
    log.write(entry);
    return;
  }
  const context = {
    hookData: {},
    appHookData: registration.appHookData,
    level: entry.level,
    message: entry.message,
    category,
    invocationContext,
  } satisfies HookContext;
  for (const hook of hooks) hook(context);
  log.write({ ...entry, level: context.level, message: String(context.message) });
}
