import type { Random } from '../../local/seed/random.ts';
import type { World } from './migration-world.ts';

export type WrittenType = 'Patient' | 'Observation' | 'Encounter';
export type WrittenTypes = readonly [WrittenType, ...WrittenType[]];

interface Known {
  readonly type: WrittenType;
  readonly id: string;
  readonly state: 'live' | 'soft-deleted' | 'hard-deleted';
}

export interface WriterOptions {
  readonly random: Random;
  readonly types: WrittenTypes;
  readonly traps: boolean;
  readonly lateWrites: boolean;
}

/** People at work on the source: creates, updates, deletes of both kinds, and ids that come again. */
export class Writer {
  readonly #world: World;
  readonly #options: WriterOptions;
  readonly #known = new Map<string, Known>();
  /** Resources with a version that `$import` may refuse. */
  readonly trapped = new Set<string>();
  readonly log: string[] = [];
  #count = 0;

  constructor(world: World, options: WriterOptions) {
    this.#world = world;
    this.#options = options;
  }

  async write(): Promise<void> {
    const { random } = this.#options;
    this.#world.pass(random.pick([2, 20, 1_000, 10_000] as const));
    this.#count += 1;
    const known = [...this.#known.values()];
    const chosen = known[random.whole(0, Math.max(0, known.length - 1))];
    if (chosen === undefined || random.chance(0.4)) return this.#create();
    if (this.#options.lateWrites && random.chance(0.2)) await this.#beLate();
    if (this.#options.traps && random.chance(0.15)) return this.#trap(chosen);
    if (chosen.state !== 'live' || random.chance(0.55)) return this.#put(chosen.type, chosen.id);
    await this.#delete(chosen, random.chance(0.4));
  }

  /** A resource that is there goes without a trace; undefined when there is none. */
  async deleteForGood(): Promise<string | undefined> {
    const live = [...this.#known.values()].filter(({ state }) => state === 'live');
    const chosen = live[this.#options.random.whole(0, Math.max(0, live.length - 1))];
    if (chosen === undefined) return undefined;
    await this.#delete(chosen, true);
    return `${chosen.type}/${chosen.id}`;
  }

  async #create(): Promise<void> {
    const type = this.#options.random.pick(this.#options.types);
    if (this.#options.lateWrites && this.#options.random.chance(0.2)) await this.#beLate();
    await this.#put(type, `r${this.#count}`);
  }

  /** The next write becomes readable at an instant that lies in the past. */
  async #beLate(): Promise<void> {
    const lateMs = this.#options.random.pick([500, 4_000, 30_000, 120_000] as const);
    this.log.push(`late by ${lateMs}`);
    await this.#world.source.control('bulk-faults', { kind: 'late-write', lateMs });
    this.#isLate = true;
  }

  #isLate = false;

  async #put(type: WrittenType, id: string, more = ''): Promise<void> {
    const reference = `${type}/${id}`;
    if (this.#isLate && this.#known.has(reference)) this.trapped.add(reference);
    this.#isLate = false;
    await this.#send('PUT', reference, bodyOf(type, id, `n${this.#count}${more}`));
    this.#known.set(reference, { type, id, state: 'live' });
  }

  async #delete({ type, id }: Known, hard: boolean): Promise<void> {
    const reference = `${type}/${id}`;
    if (this.#isLate) this.trapped.add(reference);
    this.#isLate = false;
    await this.#send('DELETE', hard ? `${reference}?_hardDelete=true` : reference);
    this.#known.set(reference, { type, id, state: hard ? 'hard-deleted' : 'soft-deleted' });
  }

  /** Two versions at one instant, or a number longer than `$import` takes. */
  async #trap({ type, id }: Known): Promise<void> {
    this.trapped.add(`${type}/${id}`);
    if (this.#options.random.chance(0.5)) {
      await this.#put(type, id);
      await this.#put(type, id, ' again');
      return;
    }
    const decimal = `O-${id}`;
    this.trapped.add(`Observation/${decimal}`);
    await this.#send(
      'PUT',
      `Observation/${decimal}`,
      bodyOf('Observation', decimal, 'long').replace('"valueString":"long"', longDecimal),
    );
    this.#known.set(`Observation/${decimal}`, { type: 'Observation', id: decimal, state: 'live' });
  }

  async #send(method: string, path: string, body?: string): Promise<void> {
    this.log.push(`${method} ${path} at ${new Date().toISOString()}`);
    const answer = await this.#world.source.call(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${text}`);
  }
}

const longDecimal = '"valueQuantity":{"value":1.2345678901234567890123}';

function bodyOf(type: WrittenType, id: string, text: string): string {
  switch (type) {
    case 'Patient':
      return JSON.stringify({ resourceType: type, id, name: [{ family: text }] });
    case 'Observation':
      return JSON.stringify({
        resourceType: type,
        id,
        status: 'final',
        code: { text: 'a code' },
        valueString: text,
      });
    case 'Encounter':
      return JSON.stringify({
        resourceType: type,
        id,
        status: 'finished',
        class: { code: 'AMB' },
        reasonCode: [{ text }],
      });
  }
}
