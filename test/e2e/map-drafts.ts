import fc from 'fast-check';

export interface Attribute {
  readonly column?: string | undefined;
  readonly action: string;
  readonly type?: string;
  readonly source?: unknown;
  readonly disabled?: boolean;
  readonly [key: string]: unknown;
}

export interface MapContent {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly [key: string]: unknown;
}

export interface Mutation {
  readonly kind: 'disable' | 'remove' | 'source' | 'constant' | 'shorten';
  /** Which attribute, and which other one gives its source. */
  readonly at: number;
  readonly other: number;
}

/** Edits of some attributes of one of these maps. */
export const drafts = (
  maps: readonly string[],
): fc.Arbitrary<{
  readonly map: string;
  readonly mutations: readonly Mutation[];
}> =>
  fc.record({
    map: fc.constantFrom(...maps),
    mutations: fc.array(
      fc.record({
        kind: fc.constantFrom('disable', 'remove', 'source', 'constant', 'shorten'),
        at: fc.nat(60),
        other: fc.nat(60),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

export function mutated(map: MapContent, mutations: readonly Mutation[]): MapContent {
  return { ...map, attributes: mutations.reduce(mutate, map.attributes) };
}

const isText = ({ action, type }: Attribute): boolean =>
  action === 'Copy Data' && type === 'string';

function mutate(
  attributes: readonly Attribute[],
  { kind, at, other }: Mutation,
): readonly Attribute[] {
  const index = at % attributes.length;
  const chosen = attributes[index]!;
  const texts = attributes.filter(isText);
  const donor = texts[other % Math.max(1, texts.length)];
  const put = (change: object) => attributes.with(index, { ...chosen, ...change });
  switch (kind) {
    case 'disable':
      return put({ disabled: chosen.disabled !== true });
    case 'remove':
      return attributes.toSpliced(index, 1);
    case 'source':
      return isText(chosen) && donor !== undefined ? put({ source: donor.source }) : attributes;
    case 'shorten':
      return isText(chosen) ? put({ maxLength: 3, onMisfit: 'truncate' }) : attributes;
    case 'constant': {
      if (!isText(chosen)) return attributes;
      const { column } = chosen;
      const value = `v${other}`;
      return attributes.with(index, { column, action: 'Set Default Value', type: 'string', value });
    }
  }
}
