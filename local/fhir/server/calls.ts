/** Kinds of calls, as the product counts them. */
export type CallKind = 'read' | 'search' | 'history' | 'write' | 'batch' | 'other';

/** Counts API calls by the product token of the User-Agent, so that callers can be told apart. */
export function createCalls() {
  const byProduct = new Map<string, Map<CallKind, number>>();
  let running = 0;
  return {
    enter: (): void => {
      running += 1;
    },
    leave: (): void => {
      running -= 1;
    },
    running: (): number => running,
    count(product: string, kind: CallKind): void {
      const kinds = byProduct.get(product) ?? new Map<CallKind, number>();
      byProduct.set(product, kinds);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    },
    summary() {
      const products = [...byProduct].map(([product, kinds]) => {
        const sum = [...kinds.values()].reduce((total, count) => total + count, 0);
        return { product, kinds: Object.fromEntries(kinds), sum };
      });
      return {
        calls: Object.fromEntries(products.map(({ product, sum }) => [product, sum])),
        callsByKind: Object.fromEntries(products.map(({ product, kinds }) => [product, kinds])),
      };
    },
  };
}

export type Calls = ReturnType<typeof createCalls>;

/** The part of a User-Agent before the first '/', at most 64 characters; `unknown` without one. */
export function productOf(userAgent: string | undefined): string {
  const product = userAgent?.split('/')[0]?.trim().slice(0, 64);
  return product || 'unknown';
}

export function callKind(method: string, path: readonly string[]): CallKind {
  const last = path.at(-1) ?? '';
  if (method === 'POST' && path.length === 0) return 'batch';
  if (last === '_search') return 'search';
  if (last === 'metadata' || last.startsWith('$') || path[0] === '_operations') return 'other';
  if (method !== 'GET') return 'write';
  if (last === '_history') return 'history';
  if (path.length === 2 || path.at(-2) === '_history') return 'read';
  return 'search';
}
