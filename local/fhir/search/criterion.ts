import { badRequest, unsupportedParameter } from '../outcome.ts';
import { dateRange } from './date-range.ts';
import { foldText, splitReference } from './index-values.ts';
import type { SearchParameter } from './parameters.ts';
import { type Prefix, precision, splitPrefix } from './prefix.ts';

export type SqlValue = string | number | bigint;

export interface SqlPart {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** One condition on the search index: rows of `table` for which `where` holds name the matches by `seq`. */
export interface Criterion {
  readonly table: 'code_index' | 'range_index' | 'text_index';
  readonly where: SqlPart;
  readonly negated: boolean;
  /** True when its matches can be read in `seq` order straight from the table. */
  readonly streams: boolean;
  /** True when the table can be asked for one resource; otherwise only for all matches at once. */
  readonly seeks: boolean;
}

export interface ParameterUse {
  readonly parameter: SearchParameter;
  /** Numbers in the database of the parameters whose rows answer. */
  readonly numbers: readonly number[];
  readonly modifier: string | undefined;
  readonly value: string;
  /** Own base URL: absolute references to this service are the same as relative ones. */
  readonly baseUrl: string;
}

/** Translates one `name:modifier=value` of a search to its criterion; throws 400 for what it cannot read. */
export function criterionOf(use: ParameterUse): Criterion {
  if (use.modifier === 'missing') return missing(use);
  const values = splitValues(use.value);
  if (values.length === 0) {
    throw badRequest(`The search parameter '${use.parameter.code}' has no value.`);
  }
  switch (use.parameter.kind) {
    case 'token':
      return tokens(use, values);
    case 'reference':
      return references(use, values);
    case 'uri':
      return uris(use, values);
    case 'string':
      return texts(use, values);
    case 'date':
      refuseModifiers(use, []);
      return ranges(
        use,
        values.map((value) => dateCondition(use, value)),
      );
    case 'number':
    case 'quantity':
      refuseModifiers(use, []);
      return ranges(
        use,
        values.map((value) => quantityCondition(use, value)),
      );
  }
}

const maximumAlternatives = 5000;

/** Splits alternatives at commas that no backslash escapes; throws 400 for more than a query can hold. */
export function splitValues(value: string): readonly string[] {
  const parts = value.match(/(?:\\.|[^,\\])+/g) ?? [];
  if (parts.length > maximumAlternatives) {
    throw badRequest(
      `A search parameter takes at most ${maximumAlternatives} values; split the search.`,
    );
  }
  return parts.map((part) => part.replace(/\\(.)/g, '$1'));
}

function refuseModifiers(use: ParameterUse, allowed: readonly string[]): void {
  if (use.modifier === undefined || allowed.includes(use.modifier)) return;
  throw unsupportedParameter(
    `The modifier '${use.modifier}' is not supported for the search parameter '${use.parameter.code}'.`,
  );
}

function missing(use: ParameterUse): Criterion {
  if (use.value !== 'true' && use.value !== 'false') {
    throw badRequest(`The value of '${use.parameter.code}:missing' must be true or false.`);
  }
  const { kind } = use.parameter;
  const where = ownRows(use);
  const table = tableOf(kind);
  const negated = use.value === 'true';
  return { table, where, negated, streams: false, seeks: table === 'range_index' };
}

/** The index rows of the parameter. Only those of one can be read in `seq` order. */
function ownRows({ numbers }: ParameterUse): SqlPart {
  if (numbers.length === 1) return { sql: 'parameter = ?', values: numbers };
  return { sql: `parameter IN (${numbers.map(() => '?').join(', ')})`, values: numbers };
}

function tableOf(kind: SearchParameter['kind']): Criterion['table'] {
  if (kind === 'string') return 'text_index';
  return kind === 'date' || kind === 'number' || kind === 'quantity' ? 'range_index' : 'code_index';
}

interface CodeMatch {
  readonly code?: string;
  readonly system?: string;
}

function codes(use: ParameterUse, matches: readonly CodeMatch[], negated = false): Criterion {
  const exact = matches.map(({ code }) => code).filter((code) => code !== undefined);
  const withCode = exact.length === matches.length;
  const keyed = withCode ? ` AND code IN (${exact.map(() => '?').join(', ')})` : '';
  const refined = matches.some(({ system }) => system !== undefined) || !withCode;
  const alternatives = matches.map(codeCondition);
  const own = ownRows(use);
  const residual = refined ? ` AND (${alternatives.map((part) => part.sql).join(' OR ')})` : '';
  return {
    table: 'code_index',
    where: {
      sql: `${own.sql}${keyed}${residual}`,
      values: [
        ...own.values,
        ...(withCode ? exact : []),
        ...(refined ? alternatives.flatMap((part) => part.values) : []),
      ],
    },
    negated,
    streams: withCode && exact.length === 1 && use.numbers.length === 1,
    seeks: withCode,
  };
}

function codeCondition({ code, system }: CodeMatch): SqlPart {
  if (code === undefined) return { sql: 'system = ?', values: [system ?? ''] };
  if (system === undefined) return { sql: 'code = ?', values: [code] };
  return { sql: '(code = ? AND system = ?)', values: [code, system] };
}

function tokens(use: ParameterUse, values: readonly string[]): Criterion {
  refuseModifiers(use, ['not']);
  const matches = values.map((value): CodeMatch => {
    const bar = value.indexOf('|');
    if (bar < 0) return { code: value };
    const system = value.slice(0, bar);
    const code = value.slice(bar + 1);
    return code === '' ? { system } : { code, system };
  });
  return codes(use, matches, use.modifier === 'not');
}

function references(use: ParameterUse, values: readonly string[]): Criterion {
  const { modifier } = use;
  if (modifier !== undefined && !/^[A-Z]/.test(modifier)) refuseModifiers(use, []);
  const matches = values.map((value): CodeMatch => {
    const relative = value.startsWith(`${use.baseUrl}/`)
      ? value.slice(use.baseUrl.length + 1)
      : value;
    const { type, id } = splitReference(relative);
    const system = type === '' ? modifier : type;
    return system === undefined ? { code: id } : { code: id, system };
  });
  return codes(use, matches);
}

/** `below` finds what starts with the value, `above` what the value starts with; neither knows urn: URIs. */
function uris(use: ParameterUse, values: readonly string[]): Criterion {
  refuseModifiers(use, ['above', 'below']);
  if (use.modifier === 'below') {
    const alternatives = values.map(() => '(code >= ? AND code < ?)').join(' OR ');
    const bounds = values.flatMap((value) => [value, `${value}\u{10ffff}`]);
    const own = ownRows(use);
    const where = {
      sql: `${own.sql} AND (${alternatives}) AND substr(code, 1, 4) <> 'urn:'`,
      values: [...own.values, ...bounds],
    };
    return { table: 'code_index', where, negated: false, streams: false, seeks: false };
  }
  const beginnings = (value: string) =>
    Array.from(value, (_, index) => value.slice(0, index + 1)).filter(
      (code) => !code.startsWith('urn:'),
    );
  const exact = use.modifier === 'above' ? values.flatMap(beginnings) : values;
  return codes(
    use,
    exact.map((code) => ({ code })),
  );
}

function texts(use: ParameterUse, values: readonly string[]): Criterion {
  refuseModifiers(use, ['exact', 'contains']);
  const conditions = values.map((value): SqlPart => {
    const folded = foldText(value);
    if (use.modifier === 'exact') {
      return { sql: '(folded = ? AND text = ?)', values: [folded, value] };
    }
    if (use.modifier === 'contains') return { sql: 'instr(folded, ?) > 0', values: [folded] };
    return { sql: '(folded >= ? AND folded < ?)', values: [folded, `${folded}\u{10ffff}`] };
  });
  return anyOf(use, 'text_index', conditions);
}

function ranges(use: ParameterUse, conditions: readonly SqlPart[]): Criterion {
  return anyOf(use, 'range_index', conditions);
}

function anyOf(
  use: ParameterUse,
  table: Criterion['table'],
  conditions: readonly SqlPart[],
): Criterion {
  const own = ownRows(use);
  return {
    table,
    where: {
      sql: `${own.sql} AND (${conditions.map((part) => part.sql).join(' OR ')})`,
      values: [...own.values, ...conditions.flatMap((part) => part.values)],
    },
    negated: false,
    streams: table === 'range_index' && use.numbers.length === 1,
    seeks: table === 'range_index',
  };
}

function dateCondition(use: ParameterUse, value: string): SqlPart {
  const { prefix, rest } = splitPrefix(value);
  const range = dateRange(rest);
  if (range === undefined) {
    throw badRequest(`The value of the search parameter '${use.parameter.code}' is no FHIR date.`);
  }
  const margin = Math.abs(Date.now() - range.low) * 0.1;
  return comparison(prefix, range.low, range.high, margin);
}

function quantityCondition(use: ParameterUse, value: string): SqlPart {
  const { prefix, rest } = splitPrefix(value);
  const [amount = '', system, code] = rest.split('|');
  const number = Number(amount);
  if (amount === '' || Number.isNaN(number)) {
    throw badRequest(`The value of the search parameter '${use.parameter.code}' is no number.`);
  }
  // Only equality looks at the digits given; the ordered prefixes compare with the number itself.
  const half = prefix === 'eq' || prefix === 'ne' ? precision(amount) : 0;
  const compared = comparison(prefix, number - half, number + half, Math.abs(number) * 0.1);
  const units: SqlPart[] = [];
  if (system) units.push({ sql: ' AND system = ?', values: [system] });
  if (code) units.push({ sql: ' AND code = ?', values: [code] });
  return {
    sql: `(${compared.sql}${units.map((unit) => unit.sql).join('')})`,
    values: [...compared.values, ...units.flatMap((unit) => unit.values)],
  };
}

/** The prefixes of FHIR R4 search (3.1.1.4.4) as comparisons of two closed intervals. */
function comparison(prefix: Prefix, low: number, high: number, margin: number): SqlPart {
  switch (prefix) {
    case 'eq':
      return { sql: '(low >= ? AND high <= ?)', values: [low, high] };
    case 'ne':
      return { sql: '(low < ? OR high > ?)', values: [low, high] };
    case 'gt':
      return { sql: 'high > ?', values: [high] };
    case 'lt':
      return { sql: 'low < ?', values: [low] };
    case 'ge':
      return { sql: 'high >= ?', values: [low] };
    case 'le':
      return { sql: 'low <= ?', values: [high] };
    case 'sa':
      return { sql: 'low > ?', values: [high] };
    case 'eb':
      return { sql: 'high < ?', values: [low] };
    case 'ap':
      return { sql: '(low <= ? AND high >= ?)', values: [high + margin, low - margin] };
  }
}
