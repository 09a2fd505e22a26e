import { z } from 'zod';
import type { AppFunction, FunctionCatalog } from '../app/function-catalog.ts';
import { HostError } from '../host-error.ts';
import type { Environment } from '../settings/app-settings.ts';
import { resolveSettings } from '../settings/app-settings.ts';
import { compileRoute, type RouteTemplate } from './route-template.ts';

export type AuthLevel = 'anonymous' | 'function' | 'admin';

export interface HttpRoute {
  readonly target: AppFunction;
  readonly authLevel: AuthLevel;
  /** Undefined allows every method. */
  readonly methods: readonly string[] | undefined;
  /** As written, without the prefix. */
  readonly route: string;
  readonly template: RouteTemplate;
}

export type RouteMatch =
  | {
      readonly kind: 'found';
      readonly route: HttpRoute;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wrong method'; readonly allowed: readonly string[] }
  | { readonly kind: 'no route' };

const triggerSchema = z.looseObject({
  authLevel: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['anonymous', 'function', 'admin']))
    .default('function'),
  methods: z.array(z.string().transform((text) => text.toUpperCase())).optional(),
  route: z.string().optional(),
});

const reserved = new Set(['admin', 'runtime', '_control']);

/**
 * Routes of all HTTP functions in the order in which they are tried.
 * @throws HostError FUNCTION_INVALID
 */
export function createRoutes(
  catalog: FunctionCatalog,
  routePrefix: string,
  environment: Environment,
): readonly HttpRoute[] {
  return catalog
    .of('http')
    .map((target) => routeOf(target, routePrefix, environment))
    .sort((left, right) => comparePrecedence(left.template.precedence, right.template.precedence));
}

function routeOf(target: AppFunction, routePrefix: string, environment: Environment): HttpRoute {
  const parsed = triggerSchema.safeParse(target.trigger);
  if (!parsed.success) {
    throw new HostError(
      'FUNCTION_INVALID',
      `The HTTP trigger of function "${target.name}" is not usable: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}.`,
    );
  }
  const { authLevel, methods, route = target.name } = parsed.data;
  const resolved = resolveSettings(route, environment, `The route of function "${target.name}"`);
  if (routePrefix === '' && reserved.has(resolved.split('/')[0]?.toLowerCase() ?? '')) {
    throw new HostError(
      'FUNCTION_INVALID',
      `The route "${resolved}" of function "${target.name}" belongs to the host: choose another.`,
    );
  }
  return { target, authLevel, methods, route: resolved, template: compileRoute(resolved) };
}

function comparePrecedence(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** @param path below the prefix, without leading or trailing slash, still percent-encoded */
export function matchRoute(routes: readonly HttpRoute[], path: string, method: string): RouteMatch {
  const allowed: string[] = [];
  for (const route of routes) {
    const params = route.template.match(path);
    if (params === undefined) continue;
    if (route.methods === undefined || route.methods.includes(method)) {
      return { kind: 'found', route, params };
    }
    allowed.push(...route.methods);
  }
  return allowed.length > 0 ? { kind: 'wrong method', allowed } : { kind: 'no route' };
}
