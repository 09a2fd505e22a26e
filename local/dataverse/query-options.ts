import { badQuery, DataverseError, notImplemented } from './protocol-error.ts';
import { splitOutsideQuotes } from './resource-path.ts';

export interface ExpandItem {
  readonly navigation: string;
  readonly options: QueryOptions;
  /** The options as they are written in a URL of their own. */
  readonly query: readonly string[];
}

export interface OrderItem {
  readonly property: string;
  readonly isDescending: boolean;
}

/** The system query options of a request; absent ones are undefined. */
export interface QueryOptions {
  readonly select: readonly string[] | undefined;
  readonly filter: string | undefined;
  readonly apply: string | undefined;
  readonly order: readonly OrderItem[];
  readonly top: number | undefined;
  readonly count: boolean;
  readonly expand: readonly ExpandItem[];
  readonly skipToken: string | undefined;
  readonly deltaToken: string | undefined;
  /** Parameter aliases, by name with the `@`. */
  readonly aliases: ReadonlyMap<string, string>;
}

const known = new Set([
  '$select',
  '$filter',
  '$apply',
  '$orderby',
  '$top',
  '$count',
  '$expand',
  '$skiptoken',
  '$deltatoken',
]);
const missing = new Set(['fetchxml', 'savedquery', 'userquery', '$search', '$compute']);

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badQuery('Bad Request - Error in query syntax.');
  }
}

function readPairs(query: string): Map<string, string> {
  const pairs = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const name = decode(equals < 0 ? part : part.slice(0, equals));
      return [name, equals < 0 ? '' : decode(part.slice(equals + 1))] as const;
    });
  return new Map(pairs);
}

function checkNames(pairs: ReadonlyMap<string, string>): void {
  for (const name of pairs.keys()) {
    if (name === '$skip') {
      throw new DataverseError(400, '0x80060888', 'Skip Clause is not supported in CRM');
    }
    if (missing.has(name.toLowerCase())) {
      throw notImplemented(`the query option ${name}`);
    }
    if (name.startsWith('$') && !known.has(name)) {
      throw badQuery(`The query parameter '${name}' is not supported.`);
    }
  }
}

function readTop(text: string | undefined): number | undefined {
  if (text !== undefined && !/^\d+$/.test(text)) {
    throw badQuery(
      `Invalid value '${text}' for $top query option found. The $top query option requires a non-negative integer value.`,
    );
  }
  return text === undefined ? undefined : Number(text);
}

function readList(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readOrder(text: string | undefined): readonly OrderItem[] {
  return (readList(text) ?? []).map((item) => {
    const match = /^([\w/]+)(?:\s+(asc|desc))?$/.exec(item);
    if (match === null) {
      throw badQuery(`Syntax error in $orderby '${item}'.`);
    }
    return { property: match[1] ?? '', isDescending: match[2] === 'desc' };
  });
}

/** Cuts at a separator outside brackets and quotes. */
export function splitOutsideBrackets(text: string, separator: string): string[] {
  const parts: string[] = [];
  let open = 0;
  for (const piece of splitOutsideQuotes(text, separator)) {
    if (open > 0) {
      parts.push(`${parts.pop()}${separator}${piece}`);
    } else {
      parts.push(piece);
    }
    const bare = piece.replace(/'[^']*'/g, '');
    open += bare.split('(').length - bare.split(')').length;
  }
  return parts;
}

function readExpandItem(text: string): ExpandItem {
  const match = /^(\w+)(?:\(([\s\S]*)\))?$/.exec(text.trim());
  if (match === null) {
    throw badQuery(`Syntax error in $expand '${text}'.`);
  }
  const pairs = splitOutsideBrackets(match[2] ?? '', ';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals).trim(), part.slice(equals + 1)] as const;
    });
  return {
    navigation: match[1] ?? '',
    options: toOptions(new Map(pairs)),
    query: pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`),
  };
}

function toOptions(pairs: ReadonlyMap<string, string>): QueryOptions {
  checkNames(pairs);
  const expand = pairs.get('$expand');
  return {
    select: readList(pairs.get('$select')),
    filter: pairs.get('$filter'),
    apply: pairs.get('$apply'),
    order: readOrder(pairs.get('$orderby')),
    top: readTop(pairs.get('$top')),
    count: pairs.get('$count') === 'true',
    expand: expand === undefined ? [] : splitOutsideBrackets(expand, ',').map(readExpandItem),
    skipToken: pairs.get('$skiptoken'),
    deltaToken: pairs.get('$deltatoken'),
    aliases: new Map([...pairs].filter(([name]) => name.startsWith('@'))),
  };
}

/** Reads the part of a URL after `?`. Throws 400 for what Dataverse refuses, among it `$skip`. */
export function readQueryOptions(query: string): QueryOptions {
  return toOptions(readPairs(query));
}
