import { conceptConverter } from './codeable-concept.ts';
import { type Conversion, type Convert, isMisfit } from './conversion.ts';
import { referenceConverter } from './convert-lookup.ts';
import { mappedConverter } from './convert-mapped.ts';
import { scalarConverter } from './convert-scalar.ts';
import type { FhirReference } from './fhir-reference.ts';
import type { ColumnMap, ValueMapFile } from './map-language.ts';
import type { ColumnValue, MapProblem } from './map-pack.ts';
import { inOrder, type Reader } from './node-reader.ts';
import { compileFilter } from './path-compiler.ts';
import { parseConditions } from './path-conditions.ts';
import { pathText } from './source-paths.ts';
import { compileEach, type Scope, type Slots } from './source-reader.ts';

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

/** Reads one column's value and puts it, or what is wrong with it, into the draft. */
export type Write<Input> = (input: Input, draft: RowDraft) => void;

/** Converts a value that is there and puts it, or what is wrong with it, into the draft. */
export type PutValue = Write<unknown>;

export interface CompiledColumn<Input> {
  readonly write: Write<Input>;
  /** The same for a value already read, where a single path gives it and absence means nothing. */
  readonly put?: PutValue;
}

type Evaluate<Input> = (input: Input) => Conversion | undefined;
type ConvertOrPass = (value: unknown) => Conversion | undefined;

interface Evaluator<Input> {
  readonly evaluate: Evaluate<Input>;
  /** What becomes of one value; undefined when several together make up the column. */
  readonly convert?: ConvertOrPass;
}

/** Compiles one attribute map whose checks have passed; its sources read from the scope. */
export function compileColumn(
  attribute: ColumnMap,
  context: CompileContext,
): CompiledColumn<Scope> {
  const { source } = attribute;
  const readers = source === undefined ? [] : compileEach(source, context.slots);
  const compiled = compileFrom(attribute, readers, context);
  if (attribute.when === undefined) return compiled;
  const applies = conditionOf(attribute.when);
  const write: Write<Scope> = (scope, draft) => {
    if (applies(scope[0])) compiled.write(scope, draft);
  };
  return { write };
}

/** The same for readers in hand, which may read from anything. Conditions are left to the caller. */
export function compileFrom<Input>(
  attribute: ColumnMap,
  readers: readonly Reader<Input>[],
  context: CompileContext,
): CompiledColumn<Input> {
  const { evaluate, convert } = evaluator(attribute, readers, context);
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
  if (required) {
    const write: Write<Input> = (input, draft) => {
      store(evaluate(input) ?? null, draft);
      if (draft.values[column] === null) draft.problems.push(missing);
    };
    return { write };
  }
  const write: Write<Input> = (input, draft) => {
    const result = evaluate(input);
    if (result !== undefined && result !== null) store(result, draft);
  };
  if (convert === undefined) return { write };
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

function evaluator<Input>(
  attribute: ColumnMap,
  readers: readonly Reader<Input>[],
  context: CompileContext,
): Evaluator<Input> {
  switch (attribute.action) {
    case 'Copy Data':
      return copied(readers, attribute.join, scalarConverter(attribute));
    case 'Set Default Value':
      return { evaluate: withDefault(attribute, readers) };
    case 'Mapped Value':
      return mapped(attribute, readers, context);
    case 'Lookup':
      return firstFitting(
        readers,
        referenceConverter({ ...attribute, tables: context.tables, read: context.readReference }),
      );
    case 'Lookup Codeable Concept':
      return firstFitting(readers, conceptConverter(attribute));
  }
}

function copied<Input>(
  readers: readonly Reader<Input>[],
  separator: string | undefined,
  convert: Convert,
): Evaluator<Input> {
  const reader = inOrder(readers);
  if (separator === undefined) {
    return {
      convert,
      evaluate: (input) => {
        const value = reader.first(input);
        return value === undefined || value === null ? null : convert(value);
      },
    };
  }
  return {
    evaluate: (input) => {
      const values = reader.all(input).filter((value) => value !== null && value !== '');
      const joinable = values.every((value) => typeof value === 'string');
      return values.length === 0 ? null : convert(joinable ? values.join(separator) : values[0]);
    },
  };
}

function withDefault<Input>(
  attribute: Extract<ColumnMap, { action: 'Set Default Value' }>,
  readers: readonly Reader<Input>[],
): Evaluate<Input> {
  const { source, join, value } = attribute;
  if (source === undefined) return () => value;
  const copy = copied(readers, join, scalarConverter(attribute));
  return (input) => copy.evaluate(input) ?? value;
}

function mapped<Input>(
  attribute: Extract<ColumnMap, { action: 'Mapped Value' }>,
  readers: readonly Reader<Input>[],
  context: CompileContext,
): Evaluator<Input> {
  const values = context.values.get(attribute.values);
  if (values === undefined) return { evaluate: () => null };
  const fitting = firstFitting(readers, mappedConverter(values, attribute.onMisfit));
  const { default: absent } = attribute;
  if (absent === undefined) return fitting;
  return {
    evaluate: (input) => {
      const result = fitting.evaluate(input);
      return result === undefined ? absent : result;
    },
  };
}

/** The first candidate that converts; otherwise what was wrong with the first one that did not. */
function firstFitting<Input>(
  readers: readonly Reader<Input>[],
  convert: ConvertOrPass,
): Evaluator<Input> {
  const evaluate: Evaluate<Input> = (input) => {
    let fallback: Conversion | undefined;
    for (const reader of readers) {
      const result = reader.single
        ? convertOne(reader.first(input), convert)
        : fittingOf(reader.all(input), convert);
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
