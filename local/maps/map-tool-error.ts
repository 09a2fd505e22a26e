/** A wrong call of a map tool; the message is all that the person needs. */
export class MapToolError extends Error {
  override readonly name = 'MapToolError';
}
