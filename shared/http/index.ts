export { wasNeverSent } from './attempt.ts';
export type {
  HttpDownload,
  HttpDownloadRequest,
  HttpOpen,
  HttpOptions,
  HttpRequest,
  HttpResponse,
  HttpSend,
} from './contract.ts';
export { createDownload } from './create-download.ts';
export { createHttp } from './create-http.ts';
export { createLoadLimiter, type LoadLimiter, type LoadSample } from './load-limiter.ts';
export { parseRetryAfter } from './retry-after.ts';
