import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import type { Config } from '../shared/config.ts';
import { isLoopback } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';

/** The roles of DESIGN: app roles of the Entra application, as App Service authentication passes them on. */
export type Role = 'Config Administrator' | 'Healthcare User' | 'App Registration' | 'Operator';

const principalSchema = z.object({
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
});

const roleClaims = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];

/**
 * Checks that the caller has one of the roles. App Service authentication puts
 * the signed-in principal into `x-ms-client-principal` and removes any such
 * header that a caller sends. On one machine (`FDS_AUTHORIZATION=loopback`) every
 * caller of a loopback address has every role.
 * @throws AppError FORBIDDEN
 */
export function requireRole(
  request: Pick<HttpRequest, 'headers' | 'url'>,
  mode: Config['authorization'],
  allowed: readonly Role[],
): void {
  if (mode === 'loopback' && isLoopback(request.url)) return;
  const roles = rolesOf(request.headers.get('x-ms-client-principal'));
  if (roles.some((role) => allowed.some((name) => name === role))) return;
  throw new AppError(
    'FORBIDDEN',
    `this needs one of the roles ${allowed.join(', ')}. Assign it in the enterprise application.`,
  );
}

function rolesOf(header: string | null): readonly string[] {
  if (header === null) return [];
  try {
    const text = Buffer.from(header, 'base64').toString('utf8');
    const { claims } = principalSchema.parse(JSON.parse(text));
    return claims.filter(({ typ }) => roleClaims.includes(typ)).map(({ val }) => val);
  } catch {
    return [];
  }
}
