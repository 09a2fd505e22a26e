import { z } from 'zod';
import { storedValue } from '../column-value.ts';
import type { Model, Table } from '../model.ts';
import type { Payload } from '../payload.ts';
import { DataverseError } from '../protocol-error.ts';
import type { Scalar } from '../row.ts';
import { type RowEvent, touches } from './row-event.ts';

const valuesSchema = z.record(z.string(), z.unknown());

/** A scripted plug-in: what it listens to, and what it does. */
const ruleSchema = z.strictObject({
  table: z.string(),
  message: z.enum(['Create', 'Update', 'Delete']),
  /** Run only when one of these columns is sent (Update). */
  columns: z.array(z.string()).min(1).optional(),
  /** Events to let pass first. */
  skip: z.int().nonnegative().default(0),
  /** Events to strike; default all. */
  times: z.int().positive().optional(),
  /** Milliseconds the operation is held up, its transaction not yet written. */
  delayMs: z.int().nonnegative().optional(),
  /** Fails the operation, as a plug-in that throws does. */
  error: z
    .strictObject({
      status: z.int().min(400).max(599).default(400),
      code: z.string().default('0x80040265'),
      message: z.string().default('An error occurred in the plug-in.'),
    })
    .optional(),
  /** Columns set on the row being written (pre-operation). */
  set: valuesSchema.optional(),
  /** Columns of the same row written by an update of the plug-in's own, one level deeper (post-operation). */
  update: valuesSchema.optional(),
});

export const rulesSchema = z.union([z.array(ruleSchema), ruleSchema.transform((rule) => [rule])]);

type RuleForm = z.infer<typeof ruleSchema>;

export interface PluginRule {
  readonly form: RuleForm;
  readonly place: string;
  readonly set: Payload | undefined;
  readonly update: Payload | undefined;
  seen: number;
}

function payloadOf(table: Table, values: Readonly<Record<string, unknown>>): Payload {
  const entries = Object.entries(values).map(([name, value]): [string, Scalar | null] => {
    const column = table.columns.get(name);
    if (column === undefined || column.type === 'lookup') {
      throw new DataverseError(400, '0x0', `${table.name} has no plain column ${name}.`);
    }
    return [name, storedValue(value, table, column)];
  });
  return { values: new Map(entries), columns: entries.map(([name]) => name) };
}

/** The scripted plug-ins of `/_control/plugins`, in the order they were given. */
export class PluginRules {
  #rules: readonly PluginRule[] = [];
  #nextPlace = 1;

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  get count(): number {
    return this.#rules.length;
  }

  /** Throws 400 for a table or column that does not exist. */
  add(forms: readonly RuleForm[], model: Model): void {
    const made = forms.map((form): PluginRule => {
      const table = model.tables.get(form.table);
      if (table === undefined) {
        throw new DataverseError(400, '0x0', `There is no table ${form.table}.`);
      }
      const set = form.set && payloadOf(table, form.set);
      const update = form.update && payloadOf(table, form.update);
      this.#nextPlace += 1;
      return { form, place: `rule ${this.#nextPlace}`, set, update, seen: 0 };
    });
    this.#rules = [...this.#rules, ...made];
  }

  clear(): void {
    this.#rules = [];
  }

  /** Rules that listen to the event, whatever their counts say. */
  matching(event: RowEvent): readonly PluginRule[] {
    return this.#rules.filter(
      ({ form }) =>
        form.table === event.table.name &&
        form.message === event.message &&
        touches(event, form.columns && new Set(form.columns)),
    );
  }
}

/** Counts the event for the rule, and says whether the rule strikes it. */
export function strikes(rule: PluginRule): boolean {
  rule.seen += 1;
  const { skip, times } = rule.form;
  return rule.seen > skip && (times === undefined || rule.seen <= skip + times);
}
