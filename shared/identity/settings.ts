/** How this product proves who it is to one service. */
export interface TokenSettings {
  /**
   * `none`: no token, for the stand-ins on this machine only. `managed-identity`: the Function
   * app's own identity, or the user-assigned one that `clientId` names. `client-credentials`: an
   * application with a secret; needs `tenantId`, `clientId` and `clientSecret`.
   */
  readonly mode: 'none' | 'managed-identity' | 'client-credentials';
  readonly tenantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** The service the token is for; it decides whether mode `none` is acceptable. */
  readonly url: string;
  /** For example `https://org.crm.dynamics.com/.default`. */
  readonly scope: string;
}

/** Gives a bearer token that is valid now. */
export type TokenProvider = () => Promise<string>;
