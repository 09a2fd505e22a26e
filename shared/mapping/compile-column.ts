import { conceptConverter } from './codeable-concept.ts';
import { type Conversion, type Convert, isMisfit } from './conversion.ts';
import { referenceConverter } from './convert-lookup.ts';
import { mappedConverter } from './convert-mapped.ts';
import { scalarConverter } from './convert-scalar.ts';
import type { FhirReference } from './fhir-reference.ts';
import type { ColumnMap, ValueMapFile } from './map-language.ts';
import type { ColumnValue, MapProblem } from './map-pack.ts';
import type { Sources } from './map-source.ts';
import { compileFilter } from './path-compiler.ts';
import { parseConditions } from './path-conditions.ts';
import { pathText } from './source-paths.ts';
import { compileEach, compileSources, type Scope, type Slots } from './source-reader.ts';

/** What compiling a column needs to know of the rest of the pack. */
export interface CompileContext {
  readonly map: string;
  readonly slots: Slots;
  readonly values: ReadonlyMap<string, ValueMapFile>;
  /** Table of each resource type that has an enabled root map. */
  readonly tables: ReadonlyMap<string, string>;
  /** Reads a Reference; references to the FHIR service itself count as relative. */
  readonly readReference: (element: unknown) => FhirReference | undefined;
}

export interface RowDraft {
  readonly values: Record<string, ColumnValue>;
  readonly problems: MapProblem[];
  readonly warnings: MapProblem[];
}

/** Reads one column's value from the scope and puts it, or what is wrong with it, into the draft. */
export type WriteColumn = (scope: Scope, draft: RowDraft) => void;

/** Converts a value that is there and puts it, or what is wrong with it, into the draft. */
export type PutValue = (value: unknown, draft: RowDraft) => void;

export interface CompiledColumn {
  readonly write: WriteColumn;
  /** The same for a value already read, where a single path gives it and absence means nothing. */
  readonly put?: PutValue;
}

type Evaluate = (scope: Scope) => Conversion | undefined;
type ConvertOrPass = (value: unknown) => Conversion | undefined;

interface Evaluator {
  readonly evaluate: Evaluate;
  /** What becomes of one value; undefined when several together make up the column. */
  readonly convert?: ConvertOrPass;
}

/** Compiles one attribute map whose checks have passed. */
export function compileColumn(attribute: ColumnMap, context: CompileContext): CompiledColumn {
  const { evaluate, convert } = evaluator(attribute, context);
  const { column, required = false } = attribute;
  const place = { map: context.map, column, path: pathText(attribute.source) };
  const missing: MapProblem = {
    ...place,
    problem: 'the element is required and absent',
    code: 'required-missing',
  };
  const store = (result: Conversion, draft: RowDraft): void => {
    if (isMisfit(result)) {
      const found: MapProblem = { ...place, problem: result.problem, code: result.code };
      (result.blocking ? draft.problems : draft.warnings).push(found);
      draft.values[column] = result.instead;
    } else {
      draft.values[column] = result;
    }
  };
  const applies = attribute.when === undefined ? undefined : conditionOf(attribute.when);
  const write: WriteColumn = (scope, draft) => {
    if (applies !== undefined && !applies(scope[0])) return;
    store(evaluate(scope) ?? null, draft);
    if (required && draft.values[column] === null) draft.problems.push(missing);
  };
  if (convert === undefined || required || applies !== undefined) return { write };
  return {
    write,
    put: (value, draft) => {
      const result = convert(value);
      if (result !== undefined && result !== null) store(result, draft);
    },
  };
}

/** A condition that cannot be read never holds; the checks of the pack have refused it before. */
function conditionOf(when: string): (node: unknown) => boolean {
  const parsed = parseConditions(when);
  return parsed.kind === 'refused' ? () => false : compileFilter(parsed.conditions);
}

function evaluator(attribute: ColumnMap, context: CompileContext): Evaluator {
  switch (attribute.action) {
    case 'Copy Data':
      return copied(attribute.source, attribute.join, scalarConverter(attribute), context);
    case 'Set Default Value':
      return { evaluate: withDefault(attribute, context) };
    case 'Mapped Value':
      return mapped(attribute, context);
    case 'Lookup':
      return firstFitting(
        attribute.source,
        referenceConverter({ ...attribute, tables: context.tables, read: context.readReference }),
        context,
      );
    case 'Lookup Codeable Concept':
      return firstFitting(attribute.source, conceptConverter(attribute), context);
  }
}

function copied(
  source: Sources,
  separator: string | undefined,
  convert: Convert,
  context: CompileContext,
): Evaluator {
  const reader = compileSources(source, context.slots);
  if (separator === undefined) {
    return {
      convert,
      evaluate: (scope) => {
        const value = reader.first(scope);
        return value === undefined || value === null ? null : convert(value);
      },
    };
  }
  return {
    evaluate: (scope) => {
      const values = reader.all(scope).filter((value) => value !== null && value !== '');
      const joinable = values.every((value) => typeof value === 'string');
      return values.length === 0 ? null : convert(joinable ? values.join(separator) : values[0]);
    },
  };
}

function withDefault(
  attribute: Extract<ColumnMap, { action: 'Set Default Value' }>,
  context: CompileContext,
): Evaluate {
  const { source, join, value } = attribute;
  if (source === undefined) return () => value;
  const copy = copied(source, join, scalarConverter(attribute), context);
  return (scope) => copy.evaluate(scope) ?? value;
}

function mapped(
  attribute: Extract<ColumnMap, { action: 'Mapped Value' }>,
  context: CompileContext,
): Evaluator {
  const values = context.values.get(attribute.values);
  if (values === undefined) return { evaluate: () => null };
  const fitting = firstFitting(
    attribute.source,
    mappedConverter(values, attribute.onMisfit),
    context,
  );
  const { default: absent } = attribute;
  if (absent === undefined) return fitting;
  return {
    evaluate: (scope) => {
      const result = fitting.evaluate(scope);
      return result === undefined ? absent : result;
    },
  };
}

/** The first candidate that converts; otherwise what was wrong with the first one that did not. */
function firstFitting(source: Sources, convert: ConvertOrPass, context: CompileContext): Evaluator {
  const readers = compileEach(source, context.slots);
  const evaluate: Evaluate = (scope) => {
    let fallback: Conversion | undefined;
    for (const reader of readers) {
      const result = reader.single
        ? convertOne(reader.first(scope), convert)
        : fittingOf(reader.all(scope), convert);
      if (fits(result)) return result;
      fallback ??= result;
    }
    return fallback;
  };
  return { evaluate, convert };
}

function convertOne(value: unknown, convert: ConvertOrPass): Conversion | undefined {
  return value === undefined || value === null ? undefined : convert(value);
}

function fittingOf(values: readonly unknown[], convert: ConvertOrPass): Conversion | undefined {
  let fallback: Conversion | undefined;
  for (const value of values) {
    const result = convertOne(value, convert);
    if (fits(result)) return result;
    fallback ??= result;
  }
  return fallback;
}

function fits(result: Conversion | undefined): boolean {
  return result !== undefined && result !== null && !isMisfit(result);
}
