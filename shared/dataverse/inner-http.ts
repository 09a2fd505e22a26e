/** One request inside a `$batch`, or sent alone: its path is absolute on the host. */
export interface InnerRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface InnerResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export function getRequest(path: string): InnerRequest {
  return { method: 'GET', path, headers: { Accept: 'application/json' } };
}
