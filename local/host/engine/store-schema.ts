/** Columns that files of earlier versions lack, as [table, column, definition]. */
export const laterColumns = [['inbox', 'attempts', 'INTEGER NOT NULL DEFAULT 0']] as const;

/**
 * History is one row per episode, a JSON array of its events: an append is one
 * insert however wide the fan-out. Nothing scans finished instances: every
 * query of the hot path is by key.
 */
export const schema = `
CREATE TABLE IF NOT EXISTS engine (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  stopped_cleanly INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO engine (only, stopped_cleanly) VALUES (1, 1);
CREATE TABLE IF NOT EXISTS instances (
  row INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  execution TEXT NOT NULL,
  parent TEXT,
  status TEXT NOT NULL,
  input TEXT,
  output TEXT,
  custom_status TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  owes_episode INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS instances_by_created ON instances (created, row);
CREATE INDEX IF NOT EXISTS instances_by_status ON instances (status, created);
CREATE TABLE IF NOT EXISTS history (
  instance INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  events TEXT NOT NULL,
  PRIMARY KEY (instance, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY,
  instance TEXT NOT NULL,
  execution TEXT,
  due INTEGER,
  event TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS inbox_by_instance ON inbox (instance);
CREATE TABLE IF NOT EXISTS work (
  id INTEGER PRIMARY KEY,
  instance TEXT NOT NULL,
  execution TEXT NOT NULL,
  task INTEGER NOT NULL,
  name TEXT NOT NULL,
  input TEXT,
  attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS work_by_instance ON work (instance);
CREATE TABLE IF NOT EXISTS entities (
  id TEXT PRIMARY KEY,
  present INTEGER NOT NULL,
  state TEXT,
  locked_by TEXT,
  queue TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entities_by_lock ON entities (locked_by);
`;
