/** A request that Event Grid refuses, in the shape in which it says so. */
export class EventGridError extends Error {
  override readonly name = 'EventGridError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Body of an Event Grid error answer: the reason stands twice, as on the service. */
export function errorBody({ code, message }: EventGridError): string {
  return JSON.stringify({ error: { code, message, details: [{ code, message }] } });
}
