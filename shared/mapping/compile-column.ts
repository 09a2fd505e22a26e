import { conceptConverter } from './codeable-concept.ts';
import { type Conversion, type Convert, isMisfit } from './conversion.ts';
import { referenceConverter } from './convert-lookup.ts';
import { mappedConverter } from './convert-mapped.ts';
import { scalarConverter } from './convert-scalar.ts';
import type { ColumnMap, ValueMapFile } from './map-language.ts';
import type { ColumnValue, MapProblem } from './map-pack.ts';
import type { Sources } from './map-source.ts';
import { compileFilter } from './path-compiler.ts';
import { parseConditions } from './path-conditions.ts';
import { pathText } from './source-paths.ts';
import { compileSources, type Scope, type Slots } from './source-reader.ts';

/** What compiling a column needs to know of the rest of the pack. */
export interface CompileContext {
  readonly map: string;
  readonly slots: Slots;
  readonly values: ReadonlyMap<string, ValueMapFile>;
  /** Table of each resource type that has an enabled root map. */
  readonly tables: ReadonlyMap<string, string>;
  readonly baseUrl: string | undefined;
}

export interface RowDraft {
  readonly values: Record<string, ColumnValue>;
  readonly problems: MapProblem[];
  readonly warnings: MapProblem[];
}

/** Reads one column's value from the scope and puts it, or what is wrong with it, into the draft. */
export type WriteColumn = (scope: Scope, draft: RowDraft) => void;

type Evaluate = (scope: Scope) => Conversion | undefined;

/** Compiles one attribute map whose checks have passed. */
export function compileColumn(attribute: ColumnMap, context: CompileContext): WriteColumn {
  const evaluate = evaluator(attribute, context);
  const { column, required = false } = attribute;
  const place = { map: context.map, column, path: pathText(attribute.source) };
  const missing: MapProblem = {
    ...place,
    problem: 'the element is required and absent',
    code: 'required-missing',
  };
  const applies = attribute.when === undefined ? undefined : conditionOf(attribute.when);
  return (scope, draft) => {
    if (applies !== undefined && !applies(scope[0])) return;
    const result = evaluate(scope) ?? null;
    if (isMisfit(result)) {
      const found: MapProblem = { ...place, problem: result.problem, code: result.code };
      (result.blocking ? draft.problems : draft.warnings).push(found);
      draft.values[column] = result.instead;
    } else {
      draft.values[column] = result;
    }
    if (required && draft.values[column] === null) draft.problems.push(missing);
  };
}

/** A condition that cannot be read never holds; the checks of the pack have refused it before. */
function conditionOf(when: string): (node: unknown) => boolean {
  const parsed = parseConditions(when);
  return parsed.kind === 'refused' ? () => false : compileFilter(parsed.conditions);
}

function evaluator(attribute: ColumnMap, context: CompileContext): Evaluate {
  switch (attribute.action) {
    case 'Copy Data':
      return copied(attribute.source, attribute.join, scalarConverter(attribute), context);
    case 'Set Default Value':
      return withDefault(attribute, context);
    case 'Mapped Value':
      return mapped(attribute, context);
    case 'Lookup':
      return firstFitting(
        attribute.source,
        referenceConverter({ ...attribute, tables: context.tables, baseUrl: context.baseUrl }),
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
): Evaluate {
  const reader = compileSources(source, context.slots);
  if (separator === undefined) {
    return (scope) => {
      const value = reader.first(scope);
      return value === undefined || value === null ? null : convert(value);
    };
  }
  return (scope) => {
    const values = reader.all(scope).filter((value) => value !== null && value !== '');
    const joinable = values.every((value) => typeof value === 'string');
    return values.length === 0 ? null : convert(joinable ? values.join(separator) : values[0]);
  };
}

function withDefault(
  attribute: Extract<ColumnMap, { action: 'Set Default Value' }>,
  context: CompileContext,
): Evaluate {
  const { source, join, value } = attribute;
  if (source === undefined) return () => value;
  const copy = copied(source, join, scalarConverter(attribute), context);
  return (scope) => copy(scope) ?? value;
}

function mapped(
  attribute: Extract<ColumnMap, { action: 'Mapped Value' }>,
  context: CompileContext,
): Evaluate {
  const values = context.values.get(attribute.values);
  if (values === undefined) return () => null;
  const convert = mappedConverter(values, attribute.onMisfit);
  const evaluate = firstFitting(attribute.source, convert, context);
  const { default: absent = null } = attribute;
  return (scope) => {
    const result = evaluate(scope);
    return result === undefined ? absent : result;
  };
}

/** The first candidate that converts; otherwise what was wrong with the first one that did not. */
function firstFitting(
  source: Sources,
  convert: (value: unknown) => Conversion | undefined,
  context: CompileContext,
): Evaluate {
  const reader = compileSources(source, context.slots);
  return (scope) => {
    let fallback: Conversion | undefined;
    for (const candidate of reader.all(scope)) {
      if (candidate === null) continue;
      const result = convert(candidate);
      if (result !== undefined && result !== null && !isMisfit(result)) return result;
      fallback ??= result;
    }
    return fallback;
  };
}
