import { z } from 'zod';
import { HostError } from '../host-error.ts';
import {
  type FunctionCallback,
  type FunctionMetadata,
  type HookCallback,
  type HookName,
  hookNames,
  type LogCategory,
  type LogLevel,
  type ProgrammingModel,
} from './core-contract.ts';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export type CoreLog = (level: LogLevel, category: LogCategory, message: string) => void;

const metadataSchema = z.object({
  name: z.string().min(1),
  bindings: z.record(
    z.string(),
    z.looseObject({ type: z.string(), direction: z.string().optional() }),
  ),
  retryOptions: z.unknown().optional(),
});

// Names go into routes, storage and logs; the real host accepts the same alphabet.
const functionName = /^[A-Za-z][\w-]{0,126}$/;

/** Marked as the language worker marks its own errors, so that the SDK can tell them from the app's. */
class CoreRangeError extends RangeError {
  readonly isAzureFunctionsSystemError = true;
}

/**
 * Everything that the app's modules registered while they were loading. A
 * process holds one app, so there is one registration (facts durable-host 2.1).
 */
export class Registration {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly appHookData: Record<string, unknown> = {};
  readonly #hooks = new Map<HookName, HookCallback[]>(hookNames.map((name) => [name, []]));
  model: ProgrammingModel | undefined;
  #locked = false;
  #log: CoreLog = () => {};

  logTo(log: CoreLog): void {
    this.#log = log;
  }

  log(level: LogLevel, category: LogCategory, message: string): void {
    this.#log(level, category, message);
  }

  /** @throws HostError FUNCTION_INVALID for a duplicate, a malformed or a late registration. */
  addFunction(metadata: unknown, callback: FunctionCallback): () => void {
    const parsed = metadataSchema.safeParse(metadata);
    if (!parsed.success) {
      throw new HostError(
        'FUNCTION_INVALID',
        `A function was registered without a name or bindings.`,
      );
    }
    const { name } = parsed.data;
    this.#refuse(name);
    const key = name.toLowerCase();
    this.functions.set(key, { metadata: parsed.data, callback });
    return () => this.functions.delete(key);
  }

  #refuse(name: string): void {
    const problem = this.#locked
      ? 'was registered after the app had started: register it while the entry file loads.'
      : this.functions.has(name.toLowerCase())
        ? 'is registered twice (names ignore case): rename one of them.'
        : functionName.test(name)
          ? undefined
          : 'has a bad name: begin with a letter, then letters, digits, "-" and "_", 127 at most.';
    if (problem !== undefined)
      throw new HostError('FUNCTION_INVALID', `Function "${name}" ${problem}`);
  }

  addHook(name: string, callback: HookCallback): () => void {
    const known = hookNames.find((hookName) => hookName === name);
    if (known === undefined) throw new CoreRangeError(`Unrecognized hook "${name}"`);
    const callbacks = this.hooks(known);
    callbacks.push(callback);
    return () => {
      const index = callbacks.indexOf(callback);
      if (index >= 0) callbacks.splice(index, 1);
    };
  }

  hooks(name: HookName): HookCallback[] {
    return this.#hooks.get(name) ?? [];
  }

  lock(): void {
    this.#locked = true;
  }
}

export const registration = new Registration();
