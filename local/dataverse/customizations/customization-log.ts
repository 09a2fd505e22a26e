import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { buildTable, type Model } from '../model.ts';
import { columnSchema, tableSchema } from '../model-schema.ts';
import { dropColumn, dropTable, putColumn, putTable } from './model-changes.ts';

const schema = `
  CREATE TABLE IF NOT EXISTS customizations(
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, body TEXT,
    UNIQUE(kind, name))`;

const choiceSchema = z.object({ display: z.string(), options: z.record(z.string(), z.string()) });
const intersectionSchema = z.object({
  name: z.string(),
  table: z.string(),
  sides: z.tuple([z.string(), z.string()]),
});

/** What of the model can be written through the metadata; columns are named `table.column`. */
const kinds = ['choice', 'table', 'column', 'intersection'] as const;
type Kind = (typeof kinds)[number];

/** The model changes that callers made through the metadata, kept for the next start. */
export class CustomizationLog {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(schema);
  }

  /** Notes the newest form of a component; no body: it was deleted. */
  record(kind: Kind, name: string, body?: unknown): void {
    const text = body === undefined ? null : JSON.stringify(body);
    this.#database
      .prepare('INSERT OR REPLACE INTO customizations(kind, name, body) VALUES (?,?,?)')
      .run(kind, name, text);
  }

  /** Nothing is left of a table's columns when the table goes. */
  forgetColumns(tableName: string): void {
    this.#database
      .prepare("DELETE FROM customizations WHERE kind='column' AND name LIKE ? ESCAPE '\\'")
      .run(`${tableName.replaceAll('_', '\\_')}.%`);
  }

  /** Lays the noted changes over the model; call it before anything is built on the model. */
  replay(model: Model): void {
    const rows = this.#database.prepare('SELECT * FROM customizations ORDER BY sequence').all();
    for (const kind of kinds) {
      for (const row of rows.filter((one) => one['kind'] === kind)) {
        const body: unknown = row['body'] === null ? undefined : JSON.parse(String(row['body']));
        appliers[kind](model, String(row['name']), body);
      }
    }
  }
}

function applyChoice(model: Model, name: string, body: unknown): void {
  if (body !== undefined) {
    const { display, options } = choiceSchema.parse(body);
    const entries = Object.entries(options).map(([value, text]) => [Number(value), text] as const);
    model.choices.set(name, { name, display, options: new Map(entries) });
  }
}

function applyTable(model: Model, name: string, body: unknown): void {
  const known = model.tables.get(name);
  if (body === undefined) {
    if (known !== undefined) {
      dropTable(model, known);
    }
    return;
  }
  const form = tableSchema.parse(body);
  if (known === undefined) {
    putTable(model, buildTable(name, form));
    return;
  }
  known.display = form.display ?? known.display;
  known.changeTracking = form.changeTracking ?? known.changeTracking;
}

/** Columns of tables that are gone, and lookups to such tables, are left out. */
function applyColumn(model: Model, name: string, body: unknown): void {
  const [tableName = '', columnName = ''] = name.split('.');
  const table = model.tables.get(tableName);
  const known = table?.columns.get(columnName);
  if (table === undefined) {
    return;
  }
  if (body === undefined) {
    if (known !== undefined) {
      dropColumn(model, table, known);
    }
    return;
  }
  const form = columnSchema.parse(body);
  if ((form.targets ?? []).every((target) => model.tables.has(target))) {
    putColumn(model, table, { name: columnName, form });
  }
}

function applyIntersection(model: Model, _: string, body: unknown): void {
  if (body !== undefined) {
    model.intersections.push(intersectionSchema.parse(body));
  }
}

const appliers: Readonly<Record<Kind, (model: Model, name: string, body: unknown) => void>> = {
  choice: applyChoice,
  table: applyTable,
  column: applyColumn,
  intersection: applyIntersection,
};
