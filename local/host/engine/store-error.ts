/** The engine's data file holds something that this version did not write. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
