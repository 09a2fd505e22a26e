import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExternalAnswer } from '../virtual/external-source.ts';
import type { WebhookResult } from './webhook-sender.ts';

/**
 * Thrown by a write that has to wait for something outside the database: the
 * transaction is undone, `resume` does the waiting, and the call runs again.
 */
export class Suspension extends Error {
  override readonly name = 'Suspension';
  readonly resume: () => Promise<void>;

  constructor(resume: () => Promise<void>) {
    super('The call waits for a synchronous step.');
    this.resume = resume;
  }
}

/**
 * What one call of the Web API remembers from run to run, so that running it
 * again gives the same ids, asks no webhook twice and counts no rule twice.
 */
export class CallMemory {
  readonly #ids: string[] = [];
  readonly #answers = new Map<string, WebhookResult>();
  readonly #externals = new Map<string, ExternalAnswer>();
  readonly #decisions = new Map<string, boolean>();
  readonly #pauses = new Set<string>();
  #correlationId: string | undefined;
  #nextId = 0;
  #nextPlace = 0;

  /** The same for all writes of the call, as Dataverse correlates them. */
  get correlationId(): string {
    this.#correlationId ??= randomUUID();
    return this.#correlationId;
  }

  newId(): string {
    const known = this.#ids[this.#nextId];
    const id = known ?? randomUUID();
    if (known === undefined) {
      this.#ids.push(id);
    }
    this.#nextId += 1;
    return id;
  }

  /** A number that is the same for the same write in every run of the call. */
  newPlace(): number {
    this.#nextPlace += 1;
    return this.#nextPlace;
  }

  rewind(): void {
    this.#nextId = 0;
    this.#nextPlace = 0;
  }

  /** The answer to one request of a synchronous step. Throws `Suspension` until it is there. */
  answer(key: string, send: () => Promise<WebhookResult>): WebhookResult {
    const known = this.#answers.get(key);
    if (known !== undefined) {
      return known;
    }
    throw new Suspension(async () => {
      this.#answers.set(key, await send());
    });
  }

  /** The answer of another service to one request. Throws `Suspension` until it is there. */
  external(key: string, ask: () => Promise<ExternalAnswer>): ExternalAnswer {
    const known = this.#externals.get(key);
    if (known !== undefined) {
      return known;
    }
    throw new Suspension(async () => {
      this.#externals.set(key, await ask());
    });
  }

  /** Throws `Suspension` until the time has passed. */
  pause(key: string, milliseconds: number): void {
    if (!this.#pauses.has(key)) {
      throw new Suspension(async () => {
        await sleep(milliseconds);
        this.#pauses.add(key);
      });
    }
  }

  decideOnce(key: string, decide: () => boolean): boolean {
    const known = this.#decisions.get(key);
    const decision = known ?? decide();
    this.#decisions.set(key, decision);
    return decision;
  }
}
