/** The engine's data file is in use elsewhere, or holds something that this version did not write. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
