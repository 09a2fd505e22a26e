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
  return claimsOf(header)
    .filter(({ typ }) => roleClaims.includes(typ))
    .map(({ val }) => val);
}

/** The first of these that a principal has says who it is; an application has no user name. */
const nameClaims = [
  ...['preferred_username', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn', 'upn'],
  ...['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', 'email', 'name'],
  ...['appid', 'azp', 'http://schemas.microsoft.com/identity/claims/objectidentifier', 'oid'],
];

/** Who calls, for the history of what was changed: the principal's name, or `local` on one machine. */
export function callerName(
  request: Pick<HttpRequest, 'headers' | 'url'>,
  mode: Config['authorization'],
): string {
  if (mode === 'loopback' && isLoopback(request.url)) return 'local';
  const claims = claimsOf(request.headers.get('x-ms-client-principal'));
  const names = nameClaims.flatMap((name) => claims.filter(({ typ }) => typ === name));
  return names[0]?.val.slice(0, 200) ?? 'unknown';
}

function claimsOf(header: string | null): z.infer<typeof principalSchema>['claims'] {
  if (header === null) return [];
  try {
    const text = Buffer.from(header, 'base64').toString('utf8');
    return principalSchema.parse(JSON.parse(text)).claims;
  } catch {
    return [];
  }
}
