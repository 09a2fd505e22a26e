import type { ColumnValue } from '../../../shared/mapping/index.ts';
import { basic, rootWith } from './maps-folder.ts';

/** Maps one element `a` by one attribute and tells the value and the codes of what did not fit. */
export async function mapper(attribute: Readonly<Record<string, unknown>>, more = {}) {
  const root = await rootWith(
    [{ column: 'c', action: 'Copy Data', source: '$.a', ...attribute }],
    more,
  );
  return (a: unknown) => {
    const row = root.map(basic(a === undefined ? {} : { a }));
    return {
      value: row.values['c'],
      problems: row.problems.map(({ code }) => code),
      warnings: row.warnings.map(({ code }) => code),
    };
  };
}

export function clean(value: ColumnValue) {
  return { value, problems: [], warnings: [] };
}
export function blocked(code: string) {
  return { value: null, problems: [code], warnings: [] };
}
export function warned(value: ColumnValue, code: string) {
  return { value, problems: [], warnings: [code] };
}
