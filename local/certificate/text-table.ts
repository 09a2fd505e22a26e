export interface TableRow {
  readonly name: string;
  readonly figures: readonly number[];
}

/** Rows of figures below their names, with their sums; of the columns after the first `always`, those of nothing but zeros are left out. */
export function textTable(
  [first = '', ...titles]: readonly string[],
  rows: readonly TableRow[],
  always: number,
): string {
  const sums = titles.map((_title, column) =>
    rows.reduce((sum, { figures }) => sum + (figures[column] ?? 0), 0),
  );
  const kept = titles
    .map((_title, column) => column)
    .filter((column) => column < always || (sums[column] ?? 0) > 0);
  const lines = [
    [first, ...kept.map((column) => titles[column] ?? '')],
    ...[...rows, { name: 'all', figures: sums }].map(({ name, figures }) => [
      name,
      ...kept.map((column) => (figures[column] ?? 0).toLocaleString('en-US')),
    ]),
  ];
  const width = (column: number): number =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines
    .map((line) =>
      line
        .map((text, column) =>
          column === 0 ? text.padEnd(width(0)) : text.padStart(width(column)),
        )
        .join('  '),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}
