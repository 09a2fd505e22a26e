import type { TokenCredential } from '@azure/identity';
import { AppError } from '../errors.ts';
import type { TokenSettings } from './settings.ts';

/** Few and short: what a second try does not mend is the orchestration's to repeat. */
const retryOptions = { maxRetries: 1 };

/**
 * A way to a credential, or undefined for mode `none`. `@azure/identity` is loaded on first use
 * only: it is large, and mode `none` never needs it.
 *
 * @throws AppError CONFIG_INVALID when settings contradict the mode.
 */
export function credentialFor(
  settings: TokenSettings,
): (() => Promise<TokenCredential>) | undefined {
  const { tenantId, clientId, clientSecret } = settings;
  switch (settings.mode) {
    case 'none':
      refuseUnlessLoopback(settings.url);
      return undefined;
    case 'managed-identity':
      return async () => {
        const { ManagedIdentityCredential } = await import('@azure/identity');
        return new ManagedIdentityCredential({
          retryOptions,
          ...(clientId === undefined ? {} : { clientId }),
        });
      };
    case 'client-credentials':
      if (tenantId === undefined || clientId === undefined || clientSecret === undefined) {
        const message = 'client-credentials needs a tenant id, a client id and a client secret';
        throw new AppError('CONFIG_INVALID', message);
      }
      return async () => {
        const { ClientSecretCredential } = await import('@azure/identity');
        return new ClientSecretCredential(tenantId, clientId, clientSecret, { retryOptions });
      };
  }
}

function refuseUnlessLoopback(url: string): void {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (host !== 'localhost' && host !== '[::1]' && !/^127(\.\d{1,3}){3}$/.test(host)) {
    const message = 'token mode none is for loopback addresses; choose managed-identity';
    throw new AppError('CONFIG_INVALID', message, { details: { host } });
  }
}
