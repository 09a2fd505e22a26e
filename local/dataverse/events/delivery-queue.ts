import type { StatementSync } from 'node:sqlite';
import type { Model, Table } from '../model.ts';
import { platformAgent } from '../platform-agent.ts';
import type { RowValues } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import type { ContextMessage } from './execution-context.ts';
import type { Step } from './step.ts';
import type { WebhookResult } from './webhook-sender.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS deliveries(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, step TEXT NOT NULL,
    headers TEXT NOT NULL, body TEXT NOT NULL)`;

/** An execution context that an asynchronous step has still to post. */
export interface Delivery extends ContextMessage {
  readonly sequence: number;
  /** Row of `asyncoperation`. */
  readonly job: string;
  readonly step: string;
}

export interface NewDelivery {
  readonly job: string;
  readonly step: Step;
  readonly message: ContextMessage;
  readonly facts: {
    readonly messageName: string;
    readonly tableName: string;
    readonly correlationId: string;
    readonly depth: number;
    readonly now: number;
  };
}

/** States of a system job, as `statecode` and `statuscode`. */
const succeeded = { statecode: 3, statuscode: 30 };
const failed = { statecode: 3, statuscode: 31 };
const waiting = { statecode: 0, statuscode: 0 };

function secondText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/** Error codes are told as signed 32-bit numbers. */
function signed(code: string): number {
  return Number(code) | 0;
}

/**
 * Deliveries that were promised by a committed write and not yet made: they are
 * written in the write's own transaction, so none is lost and none is invented.
 */
export class DeliveryQueue {
  readonly #store: RowStore;
  readonly #jobs: Table | undefined;
  readonly #add: StatementSync;
  readonly #drop: StatementSync;
  readonly #after: StatementSync;
  readonly #count: StatementSync;
  /** False when a look found nothing more, so that calls without steps cost nothing. */
  #mayHoldMore = true;

  constructor(store: RowStore, model: Model) {
    store.database.exec(schema);
    this.#store = store;
    this.#jobs = model.tables.get('asyncoperation');
    const prepare = (sql: string): StatementSync => store.database.prepare(sql);
    this.#add = prepare('INSERT INTO deliveries(job, step, headers, body) VALUES (?,?,?,?)');
    this.#drop = prepare('DELETE FROM deliveries WHERE sequence=?');
    this.#after = prepare('SELECT * FROM deliveries WHERE sequence>? ORDER BY sequence LIMIT ?');
    this.#count = prepare('SELECT count(*) AS pending FROM deliveries');
  }

  get pending(): number {
    return Number(this.#count.get()?.['pending'] ?? 0);
  }

  add({ job, step, message, facts }: NewDelivery): void {
    this.#mayHoldMore = true;
    this.#add.run(job, step.id, JSON.stringify(message.headers), message.body);
    const at = secondText(facts.now);
    this.#insertJob(job, facts.now, {
      ...waiting,
      name: step.name,
      operationtype: 1,
      messagename: facts.messageName,
      primaryentitytype: facts.tableName,
      correlationid: facts.correlationId,
      depth: facts.depth,
      retrycount: 0,
      owningextensionid: step.id,
      createdon: at,
      modifiedon: at,
    });
  }

  /** Deliveries behind the one with this sequence; call it outside transactions. */
  after(sequence: number, limit: number): readonly Delivery[] {
    if (!this.#mayHoldMore) {
      return [];
    }
    const rows = this.#after.all(sequence, limit);
    this.#mayHoldMore = rows.length === limit;
    return rows.map((row) => ({
      sequence: Number(row['sequence']),
      job: String(row['job']),
      step: String(row['step']),
      headers: JSON.parse(String(row['headers'])),
      body: String(row['body']),
    }));
  }

  /** Takes the delivery out and closes its job; a job that is not to be kept goes too. */
  finish(delivery: Delivery, result: WebhookResult, forgets: boolean): void {
    this.#store.atomic(() => {
      this.#drop.run(delivery.sequence);
      this.#closeJob(delivery.job, result, forgets);
    });
  }

  #insertJob(id: string, now: number, values: RowValues): void {
    if (this.#jobs !== undefined) {
      const mark = { agent: platformAgent, at: now, columns: [] };
      this.#store.insert(this.#jobs, { id, values }, mark);
    }
  }

  #closeJob(id: string, result: WebhookResult, forgets: boolean): void {
    const row = this.#jobs && this.#store.get(this.#jobs, id);
    if (this.#jobs === undefined || row === undefined) {
      return;
    }
    const now = Date.now();
    const mark = { agent: platformAgent, at: now, columns: [] };
    if (result.kind === 'delivered' && forgets) {
      this.#store.remove(this.#jobs, row, mark);
      return;
    }
    const ending =
      result.kind === 'delivered'
        ? succeeded
        : { ...failed, errorcode: signed(result.code), message: result.message };
    const at = secondText(now);
    const values = { ...row.values, ...ending, retrycount: result.attempts - 1 };
    this.#store.update(this.#jobs, row, { ...values, completedon: at, modifiedon: at }, mark);
  }
}
