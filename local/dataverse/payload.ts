import { storedValue } from './column-value.ts';
import type { Column, Model, Navigation, Table } from './model.ts';
import { badPayload, DataverseError, rowMissing } from './protocol-error.ts';
import { readReference } from './resource-path.ts';
import { type Scalar, targetMember } from './row.ts';
import { addressMissing, addressOf, findRow, tableOf } from './row-address.ts';
import type { RowStore } from './row-store.ts';

/** What a body asks for: new values by column (null clears) and the columns it named. */
export interface Payload {
  readonly values: ReadonlyMap<string, Scalar | null>;
  readonly columns: readonly string[];
}

export interface RowReference {
  readonly table: Table;
  readonly id: string;
}

export interface PayloadContext {
  readonly model: Model;
  readonly store: RowStore;
  readonly now: number;
  readonly isCreate: boolean;
  /** Rows that earlier parts of the same change set made, by `$` and Content-ID. */
  readonly references: ReadonlyMap<string, RowReference>;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws the Web API's 400 when the text is not one JSON object. */
export function readBody(body: string): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    if (isJsonObject(value)) {
      return value;
    }
  } catch {
    // Answered below: the parser's message may quote clinical content.
  }
  throw new DataverseError(400, '0x80060888', 'The request body is not one valid JSON object.');
}

const bindSuffix = '@odata.bind';

function undeclared(table: Table, name: string): DataverseError {
  return badPayload(
    table.entitySet,
    `Microsoft.OData.ODataException: An undeclared property '${name}' which only has property annotations in the payload but no property value was found in the payload. In OData, only declared navigation properties and declared named streams can be represented as properties without values.`,
  );
}

function unknownMember(table: Table, name: string): DataverseError {
  return badPayload(
    table.entitySet,
    `Microsoft.OData.ODataException: The property '${name}' does not exist on type 'Microsoft.Dynamics.CRM.${table.name}'. Make sure to only use property names that are defined by the type.`,
  );
}

/** The row a bind means. Throws 404 when there is none and 400 when it is of the wrong table. */
export function resolveReference(text: string, context: PayloadContext): RowReference {
  if (text.startsWith('$')) {
    const known = context.references.get(text);
    if (known === undefined) {
      throw new DataverseError(
        400,
        '0x80060888',
        `Content-ID Reference: '${text}' does not exist in the batch context.`,
      );
    }
    return known;
  }
  const segment = readReference(text);
  const table = tableOf(context.model, segment);
  if (segment.key === undefined) {
    throw badPayload(table.entitySet, `The reference to '${table.entitySet}' names no row.`);
  }
  const address = addressOf(table, segment.key, context.now);
  if (address.kind === 'id') {
    if (!context.store.has(table, address.id)) {
      throw rowMissing(table.name, address.id);
    }
    return { table, id: address.id };
  }
  const row = findRow(context.store, address);
  if (row === undefined) {
    throw addressMissing(address);
  }
  return { table, id: row.id };
}

/** Collects the members of one body. */
class PayloadReader {
  readonly values = new Map<string, Scalar | null>();
  readonly columns = new Set<string>();
  readonly #table: Table;
  readonly #context: PayloadContext;

  constructor(table: Table, context: PayloadContext) {
    this.#table = table;
    this.#context = context;
  }

  read(name: string, value: unknown): void {
    const at = name.indexOf('@');
    if (at >= 0) {
      if (name.endsWith(bindSuffix)) {
        this.#bind(name, value);
      }
      return;
    }
    const column = this.#table.columns.get(name);
    const navigation = this.#table.navigations.get(name);
    if (column !== undefined && column.type !== 'lookup') {
      this.#set(column, value);
    } else if (navigation !== undefined) {
      this.#navigate(navigation, value);
    } else {
      throw this.#refusal(name);
    }
  }

  #refusal(name: string): DataverseError {
    if (this.#table.properties.has(name)) {
      return new DataverseError(
        400,
        '0x80060888',
        'CRM do not support direct update of Entity Reference properties, Use Navigation properties instead.',
      );
    }
    return unknownMember(this.#table, name);
  }

  #set(column: Column, value: unknown): void {
    const stored = storedValue(value, this.#table, column);
    if (this.#context.isCreate ? column.create : column.update) {
      this.values.set(column.name, stored);
      this.columns.add(column.name);
    }
  }

  #navigate(navigation: Navigation, value: unknown): void {
    if (value !== null) {
      throw badPayload(
        this.#table.entitySet,
        `Rows can be nested under '${navigation.name}' in a POST only: deep update is not supported.`,
      );
    }
    this.#clear(navigation);
  }

  /** Setting one navigation property of a polymorphic lookup nulls the others (facts A3). */
  #clear(navigation: Navigation): void {
    const { column } = navigation;
    if (!this.columns.has(column.name)) {
      this.values.set(column.name, null);
      this.values.set(targetMember(column), null);
      this.columns.add(column.name);
    }
  }

  #bind(name: string, value: unknown): void {
    const property = name.slice(0, -bindSuffix.length);
    const navigation = this.#table.navigations.get(property);
    if (navigation === undefined) {
      throw undeclared(this.#table, property);
    }
    if (value === null) {
      this.#clear(navigation);
      return;
    }
    if (typeof value !== 'string') {
      throw badPayload(this.#table.entitySet, `The value of '${name}' is not a reference.`);
    }
    const { column } = navigation;
    const reference = resolveReference(value, this.#context);
    const target = reference.table.name;
    if (column.navigations.get(target) !== property) {
      throw badPayload(
        this.#table.entitySet,
        `Microsoft.OData.ODataException: The navigation property '${property}' does not take rows of '${target}'.`,
      );
    }
    this.values.set(column.name, reference.id);
    this.values.set(targetMember(column), column.targets.length > 1 ? target : null);
    this.columns.add(column.name);
  }
}

/**
 * Checks a body against the table and resolves its binds. Annotations and
 * columns that cannot be written are ignored, as Dataverse does.
 */
export function readPayload(table: Table, body: JsonObject, context: PayloadContext): Payload {
  const reader = new PayloadReader(table, context);
  for (const name of Object.keys(body)) {
    reader.read(name, body[name]);
  }
  return { values: reader.values, columns: [...reader.columns] };
}
