import { syntaxError, type Token, tokenize } from './filter-tokens.ts';
import { badQuery, DataverseError, notImplemented } from './protocol-error.ts';
import { type Literal, readLiteral } from './resource-path.ts';

export type Operand =
  | { readonly kind: 'property'; readonly navigation: string | undefined; readonly name: string }
  | { readonly kind: 'literal'; readonly literal: Literal };

export type Property = Operand & { readonly kind: 'property' };

export const comparisons = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];

const textTests = ['contains', 'startswith', 'endswith'] as const;
export type TextTest = (typeof textTests)[number];

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Filter[] }
  | { readonly kind: 'not'; readonly item: Filter }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'text';
      readonly test: TextTest;
      readonly property: Property;
      readonly text: string;
    }
  | {
      readonly kind: 'list';
      readonly test: 'In' | 'NotIn' | 'Between' | 'NotBetween';
      readonly property: Property;
      readonly values: readonly string[];
    };

const prefix = 'Microsoft.Dynamics.CRM.';
const listTests = ['In', 'NotIn', 'Between', 'NotBetween'] as const;
const name = /^[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)?$/;
const maxDepth = 100;
/** A query may have this many conditions, and a condition this many values (knowledge, not read in a page). */
const maxConditions = 500;
const maxValues = 2000;

function propertyOf(text: string): Property {
  const [first = '', second] = text.split('/');
  return second === undefined
    ? { kind: 'property', navigation: undefined, name: first }
    : { kind: 'property', navigation: first, name: second };
}

/** Recursive descent over the grammar of facts A8. */
class FilterParser {
  readonly #filter: string;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #conditions = 0;

  constructor(filter: string, aliases: ReadonlyMap<string, string>) {
    this.#filter = filter;
    this.#aliases = aliases;
    this.#tokens = tokenize(filter);
  }

  parse(): Filter {
    const filter = this.#or();
    if (this.#peek() !== undefined) {
      throw this.#error();
    }
    return filter;
  }

  #or(): Filter {
    return this.#chain('or', () => this.#chain('and', () => this.#unary()));
  }

  #chain(kind: 'and' | 'or', item: () => Filter): Filter {
    const items = [item()];
    while (this.#takeWord(kind)) {
      items.push(item());
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind, items };
  }

  #unary(): Filter {
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw badQuery(`The filter nests more than ${maxDepth} levels deep.`);
    }
    const filter = this.#takeWord('not')
      ? ({ kind: 'not', item: this.#unary() } as const)
      : this.#primary();
    this.#depth -= 1;
    return filter;
  }

  #primary(): Filter {
    if (this.#take('(')) {
      const filter = this.#or();
      this.#expect(')');
      return filter;
    }
    this.#conditions += 1;
    if (this.#conditions > maxConditions) {
      throw new DataverseError(
        400,
        '0x8004430c',
        'Number of conditions in query exceeded maximum limit.',
      );
    }
    const token = this.#peek();
    const isCall = this.#tokens[this.#next + 1]?.text === '(' && token?.kind === 'word';
    return isCall ? this.#call(token) : this.#comparison();
  }

  #comparison(): Filter {
    const left = this.#operand();
    const token = this.#peek();
    const operator = comparisons.find((word) => token?.kind === 'word' && word === token.text);
    if (operator === undefined) {
      throw this.#error();
    }
    this.#next += 1;
    return { kind: 'compare', operator, left, right: this.#operand() };
  }

  #call(token: Token): Filter {
    this.#next += 2;
    const test = textTests.find((word) => word === token.text);
    if (test !== undefined) {
      return this.#textTest(test);
    }
    if (token.text.startsWith(prefix)) {
      return this.#listTest(token.text.slice(prefix.length));
    }
    if (/\/(any|all)$/.test(token.text)) {
      throw notImplemented('any and all in $filter');
    }
    throw badQuery(`An unknown function with name '${token.text}' was found.`);
  }

  #textTest(test: TextTest): Filter {
    const property = this.#operand();
    this.#expect(',');
    const value = this.#operand();
    this.#expect(')');
    if (property.kind !== 'property' || value.kind !== 'literal' || value.literal.kind !== 'text') {
      throw badQuery(
        `No function signature for the function with name '${test}' matches the specified arguments.`,
      );
    }
    return { kind: 'text', test, property, text: value.literal.value };
  }

  #listTest(functionName: string): Filter {
    const test = listTests.find((word) => word === functionName);
    if (test === undefined) {
      throw notImplemented(`the query function ${prefix}${functionName}`);
    }
    this.#parameter('PropertyName');
    const property = this.#operand();
    this.#expect(',');
    this.#parameter('PropertyValues');
    const values = this.#array();
    this.#expect(')');
    if (property.kind !== 'literal' || property.literal.kind !== 'text') {
      throw badQuery(`The parameter 'PropertyName' of '${functionName}' is a quoted column name.`);
    }
    return { kind: 'list', test, property: propertyOf(property.literal.value), values };
  }

  #parameter(word: string): void {
    if (!this.#takeWord(word)) {
      throw this.#error();
    }
    this.#expect('=');
  }

  #array(): readonly string[] {
    const token = this.#peek();
    const text = this.#resolve(token);
    try {
      const values: unknown = JSON.parse(text);
      if (Array.isArray(values) && values.length <= maxValues) {
        this.#next += 1;
        return values.map(String);
      }
    } catch {
      // Answered below, with the position.
    }
    throw this.#error();
  }

  #operand(): Operand {
    const token = this.#peek();
    if (token === undefined || token.kind === 'mark' || token.kind === 'array') {
      throw this.#error();
    }
    const text = this.#resolve(token);
    const literal = readLiteral(text);
    if (literal === undefined && !name.test(text)) {
      throw this.#error();
    }
    this.#next += 1;
    return literal === undefined ? propertyOf(text) : { kind: 'literal', literal };
  }

  /** A parameter alias stands for the text of its query option; without one it is null. */
  #resolve(token: Token | undefined): string {
    const text = token?.text ?? '';
    return token?.kind === 'word' && text.startsWith('@')
      ? (this.#aliases.get(text) ?? 'null')
      : text;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #take(mark: string): boolean {
    const token = this.#peek();
    const isTaken = token?.kind === 'mark' && token.text === mark;
    this.#next += isTaken ? 1 : 0;
    return isTaken;
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    const isTaken = token?.kind === 'word' && token.text === word;
    this.#next += isTaken ? 1 : 0;
    return isTaken;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) {
      throw this.#error();
    }
  }

  #error(): Error {
    return syntaxError(this.#peek()?.at ?? this.#filter.length, this.#filter);
  }
}

/**
 * Parses a `$filter`. Throws 400 with the position for bad syntax and 501 for
 * functions the stand-in does not have. Aliases are query options by `@name`.
 */
export function parseFilter(filter: string, aliases: ReadonlyMap<string, string>): Filter {
  return new FilterParser(filter, aliases).parse();
}
