import type { TokenCredential } from '@azure/identity';
import { AppError } from '../errors.ts';
import { credentialFor } from './credential.ts';
import type { TokenProvider, TokenSettings } from './settings.ts';
import { cachedToken, type IssuedToken } from './token-cache.ts';

/**
 * The token provider of one service, or undefined when the mode is `none`, which only loopback
 * addresses may use.
 *
 * @throws AppError CONFIG_INVALID for mode `none` on any other address and for incomplete
 * credentials. The provider itself throws TOKEN_UNAVAILABLE (retryable) when no token could be had.
 */
export function createTokenProvider(settings: TokenSettings): TokenProvider | undefined {
  const openCredential = credentialFor(settings);
  if (openCredential === undefined) {
    return undefined;
  }
  const open = openCredential;
  let credential: TokenCredential | undefined;

  async function acquire(): Promise<IssuedToken> {
    try {
      credential ??= await open();
      const issued = await credential.getToken(settings.scope);
      if (issued !== null) {
        return issued;
      }
    } catch {
      // The vendor's message names tenants and accounts: it is not passed on.
    }
    const { mode, scope } = settings;
    const message = `no token for ${scope} with mode ${mode}; check the identity and its access`;
    throw new AppError('TOKEN_UNAVAILABLE', message, { details: { mode, scope } });
  }

  return cachedToken({ acquire });
}
