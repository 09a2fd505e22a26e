/** Storage could not be started; the message says which port or file and what to do. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: 'PORT_IN_USE' | 'NOT_READY' | 'ARGUMENT_INVALID';

  constructor(code: StorageError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
