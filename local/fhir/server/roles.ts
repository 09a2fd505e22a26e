import { z } from 'zod';
import { badRequest, FhirError } from '../outcome.ts';

/** What one call does, as the data actions of Azure name it. */
type DataAction = 'read' | 'write' | 'delete' | 'hardDelete' | 'export' | 'import';

/**
 * The built-in roles of the service and what they may do (Microsoft, "Configure
 * Azure RBAC for FHIR"). That an importer may read is knowledge, not a page read.
 */
const roleActions: Readonly<Record<string, readonly DataAction[]>> = {
  'FHIR Data Reader': ['read'],
  'FHIR Data Writer': ['read', 'write', 'delete'],
  'FHIR Data Contributor': ['read', 'write', 'delete', 'hardDelete', 'export', 'import'],
  'FHIR Data Exporter': ['read', 'export'],
  'FHIR Data Importer': ['read', 'import'],
};

const assignments = z.record(
  z.string().min(1),
  z.array(
    z.string().refine((name) => name in roleActions, {
      error: `a role is one of ${Object.keys(roleActions).join(', ')}`,
    }),
  ),
);

interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
}

function failure(status: number, code: string, diagnostics: string): FhirError {
  return new FhirError(status, [{ severity: 'error', code, diagnostics }]);
}

/** `metadata` and the other open endpoints need no role. */
function actionOf({ method, path, query }: Call): DataAction | undefined {
  const last = path.at(-1);
  if (path[0] === 'metadata' || path[0] === '.well-known') return undefined;
  if (last === '$export' || path[1] === 'export') return 'export';
  if (last === '$import' || path[1] === 'import') return 'import';
  if (method === 'GET' || last === '_search' || last === '$validate') return 'read';
  if (method !== 'DELETE') return 'write';
  return query.get('hardDelete') === 'true' ? 'hardDelete' : 'delete';
}

/**
 * Which callers may do what. Until roles are given out every caller may do
 * everything; then a call without a known bearer token is 401, and one whose
 * roles do not allow it 403.
 */
export function createRoles() {
  let roles = new Map<string, ReadonlySet<DataAction>>();
  return {
    /** `{"<bearer token>": ["FHIR Data Importer"]}` replaces what was given out; throws 400. */
    assign(wish: unknown): void {
      const parsed = assignments.safeParse(wish);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      roles = new Map(
        Object.entries(parsed.data).map(([token, names]) => [
          token,
          new Set(names.flatMap((name) => roleActions[name] ?? [])),
        ]),
      );
    },
    clear(): void {
      roles = new Map();
    },
    /** Throws 401 or 403. */
    check(call: Call): void {
      if (roles.size === 0) return;
      const action = actionOf(call);
      if (action === undefined) return;
      const token = /^bearer\s+(.+)$/i.exec(call.authorization ?? '')?.[1] ?? '';
      const actions = roles.get(token);
      if (actions === undefined) throw failure(401, 'login', 'Authentication failed.');
      if (!actions.has(action)) throw failure(403, 'forbidden', 'Authorization failed.');
    },
  };
}

export type Roles = ReturnType<typeof createRoles>;
