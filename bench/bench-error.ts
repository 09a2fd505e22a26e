/** A benchmark that cannot be run as asked, or a contender whose result is wrong. */
export class BenchError extends Error {
  override readonly name = 'BenchError';
}
