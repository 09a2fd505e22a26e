import type { ApiContext } from './api-context.ts';
import type { Table } from './model.ts';
import { isJsonObject, type JsonObject, readPayload } from './payload.ts';
import { badPayload, DataverseError } from './protocol-error.ts';
import type { Row } from './row.ts';
import { createRow } from './row-writer.ts';

/** Rows of one deep insert; as for a batch (knowledge: the pages name no bound). */
const maxRows = 1000;

interface Nested {
  /** The body without nested rows, single ones replaced by binds. */
  readonly own: JsonObject;
  /** Rows to create behind it: the table, their body, and the bind that points back. */
  readonly children: readonly {
    readonly table: Table;
    readonly body: JsonObject;
    readonly bind: string;
  }[];
}

/** Creates a row and the rows nested in its body (facts A2). */
class DeepInsert {
  readonly #context: ApiContext;
  #rows = 0;

  constructor(context: ApiContext) {
    this.#context = context;
  }

  create(table: Table, body: JsonObject): Row {
    this.#rows += 1;
    if (this.#rows > maxRows) {
      throw new DataverseError(
        400,
        '0x80040203',
        `A deep insert holds more than ${maxRows} rows: send a batch.`,
      );
    }
    const { own, children } = this.#unnest(table, body);
    const payload = readPayload(table, own, { ...this.#context, isCreate: true });
    const row = createRow(this.#context, table, payload);
    for (const child of children) {
      this.create(child.table, { ...child.body, [child.bind]: `${table.entitySet}(${row.id})` });
    }
    return row;
  }

  #unnest(table: Table, body: JsonObject): Nested {
    const own: Record<string, unknown> = {};
    const children: Nested['children'][number][] = [];
    for (const [name, value] of Object.entries(body)) {
      if (Array.isArray(value)) {
        children.push(...this.#collection(table, name, value));
      } else if (isJsonObject(value)) {
        own[`${name}@odata.bind`] = this.#single(table, name, value);
      } else {
        own[name] = value;
      }
    }
    return { own, children };
  }

  #single(table: Table, name: string, body: JsonObject): string {
    const navigation = table.navigations.get(name);
    const target = navigation && this.#context.model.tables.get(navigation.target);
    if (target === undefined) {
      throw unknownNavigation(table, name);
    }
    return `${target.entitySet}(${this.create(target, body).id})`;
  }

  #collection(table: Table, name: string, items: readonly unknown[]): Nested['children'] {
    const incoming = this.#context.model.incoming
      .get(table.name)
      ?.find((one) => one.collection === name);
    const navigation = incoming?.column.navigations.get(table.name);
    if (incoming === undefined || navigation === undefined) {
      throw unknownNavigation(table, name);
    }
    return items.map((body) => {
      if (!isJsonObject(body)) {
        throw badPayload(table.entitySet, `An item of '${name}' is not an object.`);
      }
      return { table: incoming.table, body, bind: `${navigation}@odata.bind` };
    });
  }
}

function unknownNavigation(table: Table, name: string): DataverseError {
  return badPayload(
    table.entitySet,
    `Microsoft.OData.ODataException: The property '${name}' does not exist on type 'Microsoft.Dynamics.CRM.${table.name}'. Make sure to only use property names that are defined by the type.`,
  );
}

function isNested(body: JsonObject): boolean {
  return Object.entries(body).some(
    ([name, value]) => typeof value === 'object' && value !== null && !name.includes('@'),
  );
}

/** Creates the row of a POST body, with the rows nested in it: all of them or none. */
export function insertBody(context: ApiContext, table: Table, body: JsonObject): Row {
  if (!isNested(body)) {
    return createRow(context, table, readPayload(table, body, { ...context, isCreate: true }));
  }
  if (table.type === 'Elastic') {
    throw badPayload(
      table.entitySet,
      'Cannot create related entities. Create has to be called individually for each entity.',
    );
  }
  return context.store.atomic(() => new DeepInsert(context).create(table, body));
}
