import type {
  FunctionCallback,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-contract.ts';
import { registration } from './registration.ts';

/**
 * The module that an app's copy of `@azure/functions` receives when it asks for
 * `@azure/functions-core` (see provide-core.ts). Its names are the language
 * worker's contract, facts durable-host 2.1.
 */

export const version = '3.14.0';
export const hostVersion = '4.1040.0';

export class Disposable {
  #dispose: (() => void) | undefined;

  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose?.();
    this.#dispose = undefined;
  }
}

export function setProgrammingModel(model: ProgrammingModel): void {
  registration.model = model;
}

export function getProgrammingModel(): ProgrammingModel | undefined {
  return registration.model;
}

export function registerFunction(metadata: unknown, callback: FunctionCallback): Disposable {
  return new Disposable(registration.addFunction(metadata, callback));
}

export function registerHook(name: string, callback: HookCallback): Disposable {
  return new Disposable(registration.addHook(name, callback));
}

export function log(level: LogLevel, category: LogCategory, message: string): void {
  registration.log(level, category, message);
}
