/**
 * Whether a criterion of a consent holds. `unknown` is for what cannot be resolved here, such as
 * a foreign actor reference or a coding that is only text: it never helps a permit and always
 * helps a deny (facts: dataverse-and-events, Part C, rule 2).
 */
export type Certainty = 'yes' | 'no' | 'unknown';

/** Every criterion must hold; none at all holds. */
export function every(criteria: readonly Certainty[]): Certainty {
  if (criteria.includes('no')) {
    return 'no';
  }
  return criteria.includes('unknown') ? 'unknown' : 'yes';
}

/** One alternative must hold; none at all does not hold. */
export function some(alternatives: readonly Certainty[]): Certainty {
  if (alternatives.includes('yes')) {
    return 'yes';
  }
  return alternatives.includes('unknown') ? 'unknown' : 'no';
}

export function certain(holds: boolean): Certainty {
  return holds ? 'yes' : 'no';
}
