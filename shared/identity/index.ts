export type { TokenProvider, TokenSettings } from './settings.ts';
export { cachedToken, type IssuedToken, type TokenCacheOptions } from './token-cache.ts';
export { createTokenProvider } from './token-provider.ts';
