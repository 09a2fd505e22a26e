import type { Column } from './model.ts';
import { fold } from './text-comparison.ts';

export type Scalar = string | number | boolean;

/**
 * A row's set columns by logical name; an absent member is null. Dates are UTC
 * text, multi-choices are comma lists, lookups are GUIDs; for a lookup with
 * several target tables the member `<column>@t` names the table pointed at.
 */
export type RowValues = Readonly<Record<string, Scalar>>;

export interface Row {
  readonly id: string;
  /** Row version: from one counter for all tables, rising with every write. */
  readonly version: number;
  readonly values: RowValues;
}

export function targetMember(column: Column): string {
  return `${column.name}@t`;
}

/** The table a set lookup points at. */
export function lookupTarget(column: Column, values: RowValues): string {
  return String(values[targetMember(column)] ?? column.targets[0] ?? '');
}

/** Weak etag of a row version (facts A2: compare for equality only). */
export function etagOf(version: number): string {
  return `W/"${version}"`;
}

/** The form under which a value is found again: text without case, everything else as text. */
export function indexText(value: Scalar): string {
  return typeof value === 'string' ? fold(value) : String(value);
}

/** One text for the values of a key, or undefined when a part is null (then it is not unique). */
export function keyText(columns: readonly Column[], values: RowValues): string | undefined {
  const parts = columns.map((column) => values[column.name]);
  const isWhole = parts.every((part) => part !== undefined);
  return isWhole ? parts.map((part) => indexText(part ?? '')).join('\u0000') : undefined;
}
