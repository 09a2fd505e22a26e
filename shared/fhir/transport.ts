import { AppError } from '../errors.ts';
import type { HttpSend } from '../http/index.ts';

export interface FhirRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Below the base URL, without a leading slash; `''` is the base itself. Or an absolute URL below the base. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `body` is the parsed JSON; undefined when there was none, or when an error page was no JSON. */
export interface FhirAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The FHIR service over HTTP: JSON in and out, and the errors that concern a whole call. */
export interface FhirTransport {
  /** Without a trailing slash. */
  readonly base: string;
  /**
   * @throws AppError FHIR_UNAVAILABLE (not reachable, throttled, not signed in), FHIR_REFUSED (403,
   * redirect), BODY_TOO_LARGE (the answer), RESPONSE_UNREADABLE (success without JSON), or what
   * `send` throws beside. Every other status is an answer.
   */
  call(request: FhirRequest): Promise<FhirAnswer>;
}

export function createTransport(url: string, send: HttpSend): FhirTransport {
  const base = baseOf(url);
  return {
    base,
    async call(request) {
      const response = await unavailableWhenUnreachable(() =>
        send({
          method: request.method,
          url: request.path === '' ? base : new URL(request.path, `${base}/`).href,
          headers: { accept: 'application/fhir+json', ...request.headers },
          // Reads have no effect and our patches carry If-Match: a repeat cannot do harm.
          idempotent: true,
          ...(request.body === undefined ? {} : { body: request.body }),
        }),
      );
      refuseWholeCall(response.status);
      return {
        status: response.status,
        headers: response.headers,
        body: parseBody(response.status, response.text),
      };
    },
  };
}

/** True for statuses that a later attempt may mend without a person. 401: tokens expire under way. */
export function isTransient(status: number): boolean {
  return status === 401 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The error for an answer that concerns the whole call and is no success. */
export function callFailure(status: number, what: string): AppError {
  const details = { status };
  return isTransient(status)
    ? new AppError('FHIR_UNAVAILABLE', `${what} failed with status ${status}`, { details })
    : new AppError('FHIR_REFUSED', `${what} was refused with status ${status}`, { details });
}

export function unreadable(problem: string): AppError {
  return new AppError('RESPONSE_UNREADABLE', `the FHIR service answered ${problem}`);
}

async function unavailableWhenUnreachable<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof AppError)) {
      throw error;
    }
    if (error.code === 'RESPONSE_UNREADABLE') {
      throw new AppError('BODY_TOO_LARGE', 'the FHIR service answered more than the size allowed', {
        cause: error,
      });
    }
    if (error.code !== 'REQUEST_THROTTLED' && error.code !== 'REQUEST_FAILED') {
      throw error;
    }
    const reason = error.code === 'REQUEST_THROTTLED' ? 'throttles requests' : 'cannot be reached';
    throw new AppError('FHIR_UNAVAILABLE', `the FHIR service ${reason}`, {
      cause: error,
      details: error.details,
      ...(error.retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: error.retryAfterSeconds }),
    });
  }
}

function refuseWholeCall(status: number): void {
  if (status === 401) {
    const remedy = 'check that the identity may sign in to it';
    throw new AppError('FHIR_UNAVAILABLE', `the FHIR service does not know the caller; ${remedy}`, {
      details: { status },
    });
  }
  if (status === 403) {
    const remedy = 'give the identity the role "FHIR Data Contributor"';
    throw new AppError('FHIR_REFUSED', `the FHIR service forbids the call; ${remedy}`, {
      details: { status },
    });
  }
  if (status >= 300 && status < 400) {
    const remedy = 'set the FHIR service URL to its final address';
    throw new AppError('FHIR_REFUSED', `the FHIR service redirects; ${remedy}`, {
      details: { status },
    });
  }
}

function parseBody(status: number, text: string): unknown {
  if (text === '') {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be clinical: it is dropped.
    if (status < 300) {
      throw unreadable('something that is not JSON');
    }
    return undefined;
  }
}

function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (parsed === undefined || !isHttp || parsed.search !== '' || parsed.hash !== '') {
    throw new AppError(
      'CONFIG_INVALID',
      'the FHIR service URL must be absolute http(s), without query and fragment, such as https://name.fhir.azurehealthcareapis.com',
    );
  }
  return parsed.href.replace(/\/+$/, '');
}
