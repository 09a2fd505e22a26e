export type { HttpOptions, HttpRequest, HttpResponse, HttpSend } from './contract.ts';
export { createHttp } from './create-http.ts';
export { parseRetryAfter } from './retry-after.ts';
