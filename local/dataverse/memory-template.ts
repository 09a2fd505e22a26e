import { readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** Databases in memory as a first start left them, by the model files that made them. */
const templates = new Map<string, Uint8Array>();
/** Model files of one process are few; tests that write their own are not. */
const mostTemplates = 8;

/** A start in memory, of which the next one with the same model files takes all but the first caller's rows. */
export interface MemoryStart {
  /** Fills an empty database with what an earlier start made. */
  restore(database: DatabaseSync): void;
  /** Keeps what this start made, before anybody has called. */
  keep(database: DatabaseSync): void;
}

/**
 * Making hundreds of tables and the platform's rows is most of a start. The files are named by what
 * is in them: a test may write another model under the same name.
 */
export function memoryStart(extensions: readonly string[]): MemoryStart {
  const model = JSON.stringify(extensions.map((path) => readFileSync(path, 'utf8')));
  return {
    restore(database) {
      const template = templates.get(model);
      if (template !== undefined) database.deserialize(template);
    },
    keep(database) {
      if (templates.has(model)) return;
      if (templates.size >= mostTemplates) templates.clear();
      templates.set(model, database.serialize());
    },
  };
}
