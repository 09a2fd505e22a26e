import { syntaxError, type Token, tokenize } from './filter-tokens.ts';
import {
  comparisons,
  type Filter,
  listTests,
  type Operand,
  propertyOf,
  type TextTest,
  textTests,
} from './filter-tree.ts';
import { badQuery, DataverseError } from './protocol-error.ts';
import { requireQueryFunction } from './query-functions.ts';
import { readLiteral } from './resource-path.ts';

const prefix = 'Microsoft.Dynamics.CRM.';
const name = /^[A-Za-z_][A-Za-z0-9_]*(\/[A-Za-z_][A-Za-z0-9_]*)?$/;
const maxDepth = 100;
/** A query may have this many conditions, and a condition this many values (knowledge, not read in a page). */
const maxConditions = 500;
const maxValues = 2000;

/** Recursive descent over the grammar of facts A8. */
class FilterParser {
  readonly #filter: string;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #tokens: Token[];
  /** Range variables of the lambdas around the present place, the innermost last. */
  readonly #variables: string[] = [];
  #next = 0;
  #depth = 0;
  #conditions = 0;

  constructor(filter: string, aliases: ReadonlyMap<string, string>) {
    this.#filter = filter;
    this.#aliases = aliases;
    this.#tokens = [...tokenize(filter)];
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
      return this.#query(token.text.slice(prefix.length));
    }
    const lambda = /^(.+)\/(any|all)$/.exec(token.text);
    if (lambda !== null) {
      const test = lambda[2] === 'any' ? 'any' : 'all';
      return this.#lambda(this.#local(lambda[1] ?? '', token), test);
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

  /** `collection/any(v:v/column eq 1)`; what is inside speaks of the variable's row. */
  #lambda(collection: string, test: 'any' | 'all'): Filter {
    if (test === 'any' && this.#take(')')) {
      return { kind: 'lambda', test, collection, item: undefined };
    }
    const token = this.#peek();
    const [, variable, rest] = /^(\w+):(.*)$/.exec(token?.text ?? '') ?? [];
    if (token === undefined || variable === undefined) {
      throw this.#error();
    }
    if (rest === undefined || rest === '') {
      this.#next += 1;
    } else {
      const at = token.at + variable.length + 1;
      this.#tokens[this.#next] = { kind: 'word', text: rest, at };
    }
    this.#variables.push(variable);
    const item = this.#or();
    this.#variables.pop();
    this.#expect(')');
    return { kind: 'lambda', test, collection, item };
  }

  #query(functionName: string): Filter {
    const test = listTests.find((word) => word === functionName);
    if (test === undefined) {
      requireQueryFunction(functionName);
    }
    const parameters = this.#parameters();
    const [name] = parameters.get('PropertyName') ?? [];
    if (name === undefined) {
      throw badQuery(`The parameter 'PropertyName' of '${functionName}' is a quoted column name.`);
    }
    const property = propertyOf(name);
    const values = [...parameters].flatMap(([key, list]) => (key === 'PropertyName' ? [] : list));
    if (test === undefined) {
      return { kind: 'query', name: functionName, property, values };
    }
    if (!parameters.has('PropertyValues')) {
      throw this.#error();
    }
    return { kind: 'list', test, property, values };
  }

  /** `PropertyName='a',PropertyValue=1)`, or `PropertyValues=["a"]`; each as a list of texts. */
  #parameters(): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, readonly string[]>();
    do {
      const name = this.#peek();
      this.#next += 1;
      this.#expect('=');
      if (name?.kind !== 'word' || !/^Property(Name|Values?|Value[12])$/.test(name.text)) {
        throw this.#error();
      }
      found.set(name.text, name.text === 'PropertyValues' ? this.#array() : [this.#value()]);
    } while (this.#take(','));
    this.#expect(')');
    return found;
  }

  #value(): string {
    const operand = this.#operand();
    if (operand.kind !== 'literal' || operand.literal.kind === 'null') {
      throw this.#error();
    }
    return String(operand.literal.value);
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
    if (literal !== undefined) {
      this.#next += 1;
      return { kind: 'literal', literal };
    }
    const local = this.#local(text, token);
    if (!name.test(local)) {
      throw this.#error();
    }
    this.#next += 1;
    return propertyOf(local);
  }

  /** A name without the range variable it starts with; inside a lambda it must have one. */
  #local(text: string, token: Token): string {
    const variable = this.#variables.at(-1);
    if (variable === undefined) {
      return text;
    }
    if (!text.startsWith(`${variable}/`)) {
      throw syntaxError(token.at, this.#filter);
    }
    return text.slice(variable.length + 1);
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
