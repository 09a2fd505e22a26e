/** One `name:modifier=value` of a search. A chain keeps its rest in the code or the modifier. */
export interface Filter {
  readonly code: string;
  readonly modifier: string | undefined;
  readonly value: string;
}

/** Splits the name of a search parameter at its first colon. */
export function parseFilter(name: string, value: string): Filter {
  const colon = name.indexOf(':');
  return colon < 0
    ? { code: name, modifier: undefined, value }
    : { code: name.slice(0, colon), modifier: name.slice(colon + 1), value };
}

export interface Chain {
  readonly head: string;
  readonly target: string | undefined;
  readonly rest: Filter;
}

/**
 * The two halves of a chain; undefined for a filter that is none.
 * `subject:Patient.name=x` arrives as code `subject`, modifier `Patient.name`;
 * `patient.name=x` as one code.
 */
export function chainOf({ code, modifier, value }: Filter): Chain | undefined {
  const dot = code.indexOf('.');
  if (dot > 0) {
    const rest = { code: code.slice(dot + 1), modifier, value };
    return { head: code.slice(0, dot), target: undefined, rest };
  }
  const typed = /^([A-Z]\w+)\.(.+)$/.exec(modifier ?? '');
  if (typed?.[1] === undefined || typed[2] === undefined) return undefined;
  return { head: code, target: typed[1], rest: parseFilter(typed[2], value) };
}

export interface ReverseChain {
  /** Type of the resources that refer here, and the reference parameter they do it by. */
  readonly source: string;
  readonly reference: string;
  readonly rest: Filter;
}

/** `_has:Observation:patient:code=x`: resources to which a matching Observation refers. */
export function reverseChainOf({ code, modifier, value }: Filter): ReverseChain | undefined {
  if (code !== '_has') return undefined;
  const parts = /^([A-Z]\w+):([^:]+):(.+)$/.exec(modifier ?? '');
  if (parts?.[1] === undefined || parts[2] === undefined || parts[3] === undefined) {
    return undefined;
  }
  return { source: parts[1], reference: parts[2], rest: parseFilter(parts[3], value) };
}
