import { createHash } from 'node:crypto';
import fc from 'fast-check';

/** JSON whose numbers keep their text. */
export type Tree =
  | { readonly kind: 'number' | 'word'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'array'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Tree])[] };

const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '1.0',
    '1.00',
    '100',
    '1e2',
    '1E+2',
    '0.1000',
    '12345678901234567890.10',
  ),
  fc.integer().map(String),
);
const keyText = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'code',
      'coding',
      'system',
      'value',
      'valueQuantity',
      'a',
      'ab',
      '_a',
      'meta',
      'reference',
      'extension',
      'é',
      '',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const stringText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '/',
    '"quoted"',
    'back\\slash',
    '\u0000\u001f\u007f',
    '\ud800',
    'x\udc00\ud800',
    'a\nb\tc',
    '😀',
    'https://a.example/b',
  ),
);

export const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; object: Tree }>((tie) => ({
  object: objectOf(tie('tree')),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('string' as const), value: stringText }),
    fc.record({ kind: fc.constant('number' as const), text: numberText }),
    fc.record({
      kind: fc.constant('word' as const),
      text: fc.constantFrom('true', 'false', 'null'),
    }),
    fc.record({
      kind: fc.constant('array' as const),
      items: fc.array(tie('tree'), { maxLength: 4 }),
    }),
    tie('object'),
  ),
})).tree;

function objectOf(value: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  const members = fc.uniqueArray(fc.tuple(keyText, value), {
    maxLength: 40,
    selector: ([key]) => key,
    size: 'small',
  });
  return members.map((list) => ({ kind: 'object', members: list }));
}

const string = (value: string): Tree => ({ kind: 'string', value });

/** A resource that holds a tree somewhere in it. */
export const resourceTree: fc.Arbitrary<Tree & { kind: 'object' }> = fc
  .tuple(tree, objectOf(tree))
  .map(([inner, more]) => ({
    kind: 'object',
    members: [
      ['resourceType', string('Basic')],
      ['id', string('a-1')],
      ['value', inner],
      ...(more.kind === 'object' ? more.members : []).filter(
        ([key]) => !['value', 'meta'].includes(key),
      ),
    ],
  }));

export interface Style {
  readonly seed: number;
}

/** One of the many ways to write a tree: any order of members, white space, any escapes. */
export function print(node: Tree, random: () => number): string {
  const gap = (): string =>
    random() < 0.8 ? '' : ([' ', '\n', '\t', '\r', '  '][Math.floor(random() * 5)] ?? '');
  switch (node.kind) {
    case 'number':
    case 'word':
      return node.text;
    case 'string':
      return printString(node.value, random);
    case 'array':
      return `[${gap()}${node.items.map((item) => print(item, random)).join(`${gap()},${gap()}`)}${gap()}]`;
    case 'object': {
      const shuffled = node.members
        .map((member) => ({ member, at: random() }))
        .sort((left, right) => left.at - right.at)
        .map(
          ({ member: [key, value] }) =>
            `${printString(key, random)}${gap()}:${gap()}${print(value, random)}`,
        );
      return `{${gap()}${shuffled.join(`${gap()},${gap()}`)}${gap()}}`;
    }
  }
}

function printString(value: string, random: () => number): string {
  const plain = JSON.stringify(value);
  if (random() < 0.7) return plain;
  const units = Array.from({ length: value.length }, (_none, at) => value.charCodeAt(at));
  const isPair = (at: number): boolean => {
    const [one = 0, next = 0] = [units[at], units[at + 1]];
    return one >= 0xd800 && one < 0xdc00 && next >= 0xdc00 && next < 0xe000;
  };
  let text = '';
  for (let at = 0; at < units.length; at += 1) {
    const escaped = (unit: number): string => {
      const hex = unit.toString(16).padStart(4, '0');
      return `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`;
    };
    const [unit = 0, next = 0] = [units[at], units[at + 1]];
    if (isPair(at)) {
      text += random() < 0.5 ? escaped(unit) + escaped(next) : String.fromCharCode(unit, next);
      at += 1;
    } else if (unit === 0x2f && random() < 0.5) text += '\\/';
    else
      text +=
        random() < 0.5 ? escaped(unit) : JSON.stringify(String.fromCharCode(unit)).slice(1, -1);
  }
  return `"${text}"`;
}

const numberMark = '\u0001number:';

interface Meta {
  versionId?: unknown;
  lastUpdated?: unknown;
  extension?: { url?: string; valueString?: string }[];
}

/** The slow way: parse, take out what names the version, sort, print, hash. Its own code throughout. */
export function slowHash(line: string): string {
  const keepNumbers = (
    _key: string,
    value: unknown,
    context?: { readonly source?: string },
  ): unknown => (typeof value === 'number' ? `${numberMark}${context?.source ?? ''}` : value);
  const resource: { meta?: Meta } = JSON.parse(line, keepNumbers);
  const { meta } = resource;
  if (meta !== undefined && meta !== null && typeof meta === 'object' && !Array.isArray(meta)) {
    delete meta.versionId;
    delete meta.lastUpdated;
    if (Array.isArray(meta.extension)) {
      const rest = meta.extension.filter(
        (one) =>
          Object.keys(one ?? {}).length !== 2 ||
          one.url !== 'http://azurehealthcareapis.com/data-extensions/deleted-state' ||
          one.valueString !== 'soft-deleted',
      );
      if (rest.length < meta.extension.length) meta.extension = rest;
      if (meta.extension.length === 0 && rest.length === 0 && line.includes('soft-deleted'))
        delete meta.extension;
    }
    if (Object.keys(meta).length === 0) delete resource.meta;
  }
  return createHash('sha256').update(canonical(resource)).digest('hex');
}

function canonical(value: unknown): string {
  if (typeof value === 'string') {
    return value.startsWith(numberMark) ? value.slice(numberMark.length) : JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, inner]) => ({
    key: JSON.stringify(key),
    text: `${JSON.stringify(key)}:${canonical(inner)}`,
    order: Buffer.from(JSON.stringify(key).slice(1, -1)),
  }));
  members.sort((left, right) => Buffer.compare(left.order, right.order));
  return `{${members.map(({ text }) => text).join(',')}}`;
}
