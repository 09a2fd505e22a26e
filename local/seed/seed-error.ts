/** Seed data that cannot be read or sent; the message names the place and what to do. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
  readonly code: 'FOLDER_UNREADABLE' | 'LINE_INVALID' | 'SERVER_UNREACHABLE';

  constructor(code: SeedError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}
