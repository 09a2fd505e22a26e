/** The two sides of the worker protocol do not understand each other; the text names what was found. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
