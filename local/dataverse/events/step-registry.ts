import { rowsTable } from '../database.ts';
import type { Model } from '../model.ts';
import type { Row, RowValues } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import { type Endpoint, isEventMessage, type Step, type StepImage } from './step.ts';

/** Tables whose rows say which steps there are. */
const registrationTables: ReadonlySet<string> = new Set([
  'serviceendpoint',
  'sdkmessageprocessingstep',
  'sdkmessageprocessingstepimage',
]);

export function isRegistration(tableName: string): boolean {
  return registrationTables.has(tableName);
}

export function nameSet(text: unknown): ReadonlySet<string> | undefined {
  const names = typeof text === 'string' ? text.split(',').map((name) => name.trim()) : [];
  const given = names.filter((name) => name !== '');
  return given.length === 0 ? undefined : new Set(given);
}

function toEndpoint({ id, values }: Row): Endpoint {
  return {
    id,
    name: String(values['name'] ?? ''),
    contract: Number(values['contract'] ?? 0),
    url: String(values['url'] ?? ''),
    authType: Number(values['authtype'] ?? 0),
    authValue: String(values['authvalue'] ?? ''),
  };
}

function toImage(values: RowValues): StepImage {
  const kind = Number(values['imagetype'] ?? 0);
  return {
    alias: String(values['entityalias'] ?? ''),
    isPre: kind === 0 || kind === 2,
    isPost: kind === 1 || kind === 2,
    columns: nameSet(values['attributes']),
  };
}

/** The enabled steps, read from their rows; call `refresh` between transactions. */
export class StepRegistry {
  readonly #store: RowStore;
  readonly #model: Model;
  #steps = new Map<string, readonly Step[]>();
  #byId = new Map<string, Step>();
  #isStale = true;

  constructor(store: RowStore, model: Model) {
    this.#store = store;
    this.#model = model;
  }

  get isEmpty(): boolean {
    return this.#byId.size === 0;
  }

  get hasSync(): boolean {
    return [...this.#byId.values()].some((step) => !step.isAsync);
  }

  /** A registration row was written; whether it stays is known when the transaction ends. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** Reads the rows again when one of them was written. True when that was so. */
  refresh(): boolean {
    const wasStale = this.#isStale;
    if (wasStale) {
      this.#load();
      this.#isStale = false;
    }
    return wasStale;
  }

  byId(id: string): Step | undefined {
    return this.#byId.get(id);
  }

  /** Steps of a message and table, by rank. */
  of(message: string, tableName: string): readonly Step[] {
    const own = this.#steps.get(`${message} ${tableName}`);
    const general = this.#steps.get(`${message} `);
    if (own === undefined || general === undefined) {
      return own ?? general ?? [];
    }
    return [...own, ...general].sort((left, right) => left.rank - right.rank);
  }

  #rows(tableName: string): readonly Row[] {
    const name = rowsTable(tableName);
    const found = this.#store.prepare(`SELECT id, version, body FROM ${name}`).all();
    return found.map((row) => ({
      id: String(row['id']),
      version: Number(row['version']),
      values: JSON.parse(String(row['body'])),
    }));
  }

  #value(tableName: string, id: unknown, column: string): string | undefined {
    const table = this.#model.tables.get(tableName);
    const row = table && typeof id === 'string' ? this.#store.get(table, id) : undefined;
    const value = row?.values[column];
    return value === undefined ? undefined : String(value);
  }

  #load(): void {
    const endpoints = new Map(
      this.#rows('serviceendpoint').map((row) => [row.id, toEndpoint(row)] as const),
    );
    const images = Map.groupBy(this.#rows('sdkmessageprocessingstepimage'), (row) =>
      String(row.values['sdkmessageprocessingstepid']),
    );
    const steps = this.#rows('sdkmessageprocessingstep')
      .filter(({ values }) => Number(values['statecode'] ?? 0) === 0)
      .flatMap((row) => {
        const own = (images.get(row.id) ?? []).map(({ values }) => toImage(values));
        return this.#toStep(row, endpoints, own) ?? [];
      })
      .sort((left, right) => left.rank - right.rank);
    this.#steps = Map.groupBy(steps, (step) => `${step.message} ${step.table ?? ''}`);
    this.#byId = new Map(steps.map((step) => [step.id, step]));
  }

  #toStep(
    { id, values }: Row,
    endpoints: ReadonlyMap<string, Endpoint>,
    images: readonly StepImage[],
  ): Step | undefined {
    const message = this.#value('sdkmessage', values['sdkmessageid'], 'name') ?? '';
    const filterId = values['sdkmessagefilterid'];
    if (!isEventMessage(message)) {
      return undefined;
    }
    return {
      id,
      name: String(values['name'] ?? ''),
      message,
      table: this.#value('sdkmessagefilter', filterId, 'primaryobjecttypecode'),
      stage: Number(values['stage'] ?? 40),
      isAsync: Number(values['mode'] ?? 0) === 1,
      rank: Number(values['rank'] ?? 1),
      filter: nameSet(values['filteringattributes']),
      endpoint: endpoints.get(String(values['eventhandler'] ?? '')),
      images,
      forgetsSuccess: values['asyncautodelete'] === true,
    };
  }
}
