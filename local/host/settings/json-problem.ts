const token =
  /\s*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))/uy;

type Place =
  | 'value'
  | 'first element'
  | 'key'
  | 'first key'
  | 'colon'
  | 'after member'
  | 'after element'
  | 'end';

type Move = Place | 'open' | 'close' | 'settle';

const values: Readonly<Record<string, Move>> = {
  '{': 'open',
  '[': 'open',
  string: 'settle',
  scalar: 'settle',
};

const moves: Readonly<Record<Place, Readonly<Record<string, Move>>>> = {
  value: values,
  'first element': { ...values, ']': 'close' },
  key: { string: 'colon' },
  'first key': { string: 'colon', '}': 'close' },
  colon: { ':': 'value' },
  'after member': { ',': 'key', '}': 'close' },
  'after element': { ',': 'value', ']': 'close' },
  end: {},
};

/**
 * Offset of the first character where a text stops being JSON, or undefined
 * for valid JSON. Exists because JSON.parse tells the place for some texts only.
 */
export function firstJsonProblem(text: string): number | undefined {
  const end = text.trimEnd().length;
  const open: string[] = [];
  let place: Place = 'value';
  let offset = 0;
  while (offset < end) {
    token.lastIndex = offset;
    const match = token.exec(text);
    const start = text.slice(offset).search(/\S/) + offset;
    if (match === null) return start;
    const found = match[1] ?? (match[2] === undefined ? 'scalar' : 'string');
    const move: Move | undefined = moves[place][found];
    if (move === undefined) return start;
    place = follow(move, found, open);
    offset = token.lastIndex;
  }
  return place === 'end' ? undefined : end;
}

function follow(move: Move, found: string, open: string[]): Place {
  if (move === 'open') {
    open.push(found);
    return found === '{' ? 'first key' : 'first element';
  }
  if (move === 'close') open.pop();
  else if (move !== 'settle') return move;
  const around = open.at(-1);
  if (around === undefined) return 'end';
  return around === '{' ? 'after member' : 'after element';
}
