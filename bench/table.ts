import type { Measurement, Row } from './benchmark.ts';

/** The readable table: each other's figure with how many times better ours is. */
export function table({ rows, versions, notes = [] }: Measurement): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.others)))];
  const head = ['case', 'unit', 'ours', ...names];
  const body = rows.map((row) => [
    row.case,
    row.higherIsBetter ? row.unit : `${row.unit} (less is better)`,
    figure(row.ours),
    ...names.map((name) => cell(row, name)),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...body.map((line) => line[column]?.length ?? 0)),
  );
  const lines = [head, widths.map((width) => '─'.repeat(width)), ...body].map((line) =>
    line.map((text, column) => pad(text, widths[column] ?? 0, column < 2)).join('  '),
  );
  const stated = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return ['', ...lines, '', `versions: ${stated.join(', ')}`, ...notes, ''].join('\n');
}

/** How many times better ours is; below 1 the other is ahead. */
export function ratio({ ours, higherIsBetter }: Row, other: number): number {
  return higherIsBetter ? ours / other : other / ours;
}

function cell(row: Row, name: string): string {
  const other = row.others[name];
  return other === undefined ? '–' : `${figure(other)} (×${figure(ratio(row, other))})`;
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function pad(text: string, width: number, left: boolean): string {
  return left ? text.padEnd(width) : text.padStart(width);
}
