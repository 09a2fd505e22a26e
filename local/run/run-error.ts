/** A reason why the local run cannot start or go on, told in one sentence to the person at the terminal. */
export class RunError extends Error {
  override readonly name = 'RunError';
}
