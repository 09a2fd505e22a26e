/** Bounded memory of which rows exist, so that most references resolve without a call. */
export interface RowDirectory {
  get(key: string): string | undefined;
  set(key: string, rowId: string): void;
  forget(key: string): void;
}

/**
 * Remembers the row ids of resources (`Type/id`) and concepts. Only what was
 * seen to exist is kept; a bind that fails because the row is gone makes the
 * caller forget it and ask again.
 * @param capacity entries kept; the least recently used goes first
 */
export function createRowDirectory(capacity = 100_000): RowDirectory {
  const entries = new Map<string, string>();
  return {
    get: (key) => {
      const rowId = entries.get(key);
      if (rowId !== undefined) {
        entries.delete(key);
        entries.set(key, rowId);
      }
      return rowId;
    },
    set: (key, rowId) => {
      entries.delete(key);
      entries.set(key, rowId);
      if (entries.size <= capacity) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    forget: (key) => {
      entries.delete(key);
    },
  };
}
