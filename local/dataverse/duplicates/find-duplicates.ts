import { rowsTable } from '../database.ts';
import type { Sql } from '../filter-sql.ts';
import type { Table } from '../model.ts';
import type { Row, RowValues, Scalar } from '../row.ts';
import { type Directory, rowsWith } from '../security/principal.ts';
import { toRow } from '../select-rows.ts';
import { fold } from '../text-comparison.ts';

/** `statuscode` of a rule that is in force. */
export const published = 2;

/** A row to compare: one that exists, or one about to be written. */
export interface Candidate {
  readonly id: string | undefined;
  readonly values: RowValues;
}

const operators = { exact: 0, sameFirst: 1, sameLast: 2, sameDate: 3 } as const;

function bound(value: Scalar): string | number {
  return typeof value === 'boolean' ? Number(value) : value;
}

/** The part of a value that a condition compares. */
function compared(sql: string, condition: Row, isCaseSensitive: boolean): string {
  const text = isCaseSensitive ? sql : `fold(${sql})`;
  const count = Math.max(1, Number(condition.values['operatorparam'] ?? 1));
  switch (Number(condition.values['operatorcode'] ?? operators.exact)) {
    case operators.sameFirst:
      return `substr(${text},1,${count})`;
    case operators.sameLast:
      return `substr(${text},-${count})`;
    case operators.sameDate:
      return `substr(${sql},1,10)`;
    default:
      return text;
  }
}

/** Undefined: this condition can match nothing. */
function conditionSql(
  condition: Row,
  base: Candidate,
  rule: Row,
  matching: Table,
): Sql | undefined {
  const value = base.values[String(condition.values['baseattributename'] ?? '')];
  const column = matching.columns.get(String(condition.values['matchingattributename'] ?? ''));
  if (column === undefined) {
    return undefined;
  }
  const sql = `json_extract(r.body,'$."${column.name}"')`;
  if (value === undefined) {
    const isIgnored = condition.values['ignoreblankvalues'] === true;
    return isIgnored ? undefined : { text: `${sql} IS NULL`, values: [] };
  }
  const isCaseSensitive = rule.values['iscasesensitive'] === true;
  const wanted = typeof value === 'string' && !isCaseSensitive ? fold(value) : bound(value);
  return {
    text: `${compared(sql, condition, isCaseSensitive)} = ${compared('?', condition, isCaseSensitive)}`,
    values: [wanted],
  };
}

function matches(directory: Directory, rule: Row, base: Candidate): readonly Row[] {
  const name = String(rule.values['matchingentityname'] ?? '');
  const matching = directory.model.tables.get(name);
  const place = { table: 'duplicaterulecondition', column: 'regardingobjectid' };
  const conditions = rowsWith(directory, place, rule.id);
  if (matching === undefined || conditions.length === 0) {
    return [];
  }
  const parts = conditions.map((condition) => conditionSql(condition, base, rule, matching));
  const whole = parts.filter((part) => part !== undefined);
  if (whole.length < parts.length) {
    return [];
  }
  const active =
    rule.values['excludeinactiverecords'] === true
      ? [`json_extract(r.body,'$."statecode"') = 0`]
      : [];
  const text = [...whole.map((part) => part.text), ...active, 'r.id <> ?'].join(' AND ');
  const found = directory.store
    .prepare(`SELECT r.id, r.version, r.body FROM ${rowsTable(name)} r WHERE ${text} LIMIT 5000`)
    .all(...whole.flatMap((part) => part.values), base.id ?? '');
  return found.map(toRow);
}

function publishedRules({ model, store }: Directory, base: Table): readonly Row[] {
  const table = model.tables.get('duplicaterule');
  const found = store.prepare(
    `SELECT r.id, r.version, r.body FROM ${rowsTable('duplicaterule')} r`,
  );
  return table === undefined
    ? []
    : found
        .all()
        .map(toRow)
        .filter(
          ({ values }) =>
            values['statuscode'] === published && values['baseentityname'] === base.name,
        );
}

/**
 * Rows that a published rule holds for duplicates of the candidate: all
 * conditions of the rule fit; text is compared without case unless the rule
 * says so; two blanks are equal unless the condition ignores blanks.
 */
export function findDuplicates(
  directory: Directory,
  base: { readonly table: Table; readonly candidate: Candidate },
  matchingName?: string,
): readonly Row[] {
  const rules = publishedRules(directory, base.table).filter(
    ({ values }) => matchingName === undefined || values['matchingentityname'] === matchingName,
  );
  const found = rules.flatMap((rule) => matches(directory, rule, base.candidate));
  return [...new Map(found.map((row) => [row.id, row])).values()];
}
