const prefixes = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;

export type Prefix = (typeof prefixes)[number];

/** Separates the comparison prefix of an ordered value; without one it is `eq`. */
export function splitPrefix(value: string): { readonly prefix: Prefix; readonly rest: string } {
  const prefix = prefixes.find((candidate) => value.startsWith(candidate));
  return prefix === undefined ? { prefix: 'eq', rest: value } : { prefix, rest: value.slice(2) };
}

/** Half of the last digit given: `5.40` means 5.395 up to 5.405 (FHIR R4 search, "number"). */
export function precision(amount: string): number {
  const [mantissa = '', exponent = '0'] = amount.toLowerCase().split('e');
  const decimals = /\.(\d+)/.exec(mantissa)?.[1]?.length ?? 0;
  return 0.5 * 10 ** (Number(exponent) - decimals);
}
