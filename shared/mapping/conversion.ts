import type { ColumnValue, MapProblemCode } from './map-pack.ts';

/** A value that its column cannot take as it is. */
export interface Misfit {
  readonly kind: 'misfit';
  readonly code: MapProblemCode;
  /** Says what is wrong without repeating the value. */
  readonly problem: string;
  /** False when a declared rule found something to write instead. */
  readonly blocking: boolean;
  /** Written when the misfit does not block. */
  readonly instead: ColumnValue;
}

export type Conversion = ColumnValue | Misfit;
export type Convert = (value: unknown) => Conversion;

/** The change must not be written. */
export function blocking(code: MapProblemCode, problem: string): Misfit {
  return { kind: 'misfit', code, problem, blocking: true, instead: null };
}

/** The change is written with another value, and the row says so. */
export function replaced(code: MapProblemCode, problem: string, instead: ColumnValue): Misfit {
  return { kind: 'misfit', code, problem, blocking: false, instead };
}

export function isMisfit(conversion: Conversion): conversion is Misfit {
  return typeof conversion === 'object' && conversion !== null && conversion.kind === 'misfit';
}

/** Applies the rule `onMisfit: "drop"`: the column is cleared and a warning is given. */
export function dropping(convert: Convert): Convert {
  return (value) => {
    const conversion = convert(value);
    return isMisfit(conversion) && conversion.blocking
      ? replaced(conversion.code, `${conversion.problem}; the column is cleared`, null)
      : conversion;
  };
}
