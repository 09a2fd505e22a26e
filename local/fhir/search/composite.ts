import type { DatabaseSync } from 'node:sqlite';
import type { Service } from '../interaction.ts';
import { isArray, isObject, type Json, type JsonObject, parseStored } from '../json.ts';
import { badRequest } from '../outcome.ts';
import {
  type CompositeComponent,
  type CompositeParameter,
  compositeParameter,
} from './composite-parameters.ts';
import { type Criterion, criterionOf, type SqlPart, splitValues } from './criterion.ts';
import { indexValues } from './index-values.ts';
import { evaluatePath } from './path.ts';
import { matchesText } from './value-match.ts';

/** The conditions of `code=a$b`: index rows of the first component narrow, each candidate is checked whole. */
export function compositeConditions(
  service: Service,
  composite: CompositeParameter,
  use: { readonly type: string; readonly value: string; readonly baseUrl: string },
): { readonly criteria: readonly Criterion[]; readonly checks: readonly SqlPart[] } {
  const size = composite.holders[0]?.components.length ?? 0;
  const alternatives = splitValues(use.value).map((value) => value.split('$'));
  if (alternatives.length === 0 || alternatives.some((parts) => parts.length !== size)) {
    throw badRequest(
      `The composite search parameter '${composite.code}' takes ${size} values joined by '$'.`,
    );
  }
  const spec = JSON.stringify([use.type, composite.code, alternatives]);
  return {
    criteria: narrowing(service, composite, { ...use, alternatives }),
    checks: [{ sql: 'composite_matches(r.body, ?) = 1', values: [spec] }],
  };
}

function narrowing(
  service: Service,
  composite: CompositeParameter,
  use: {
    readonly type: string;
    readonly alternatives: readonly (readonly string[])[];
    readonly baseUrl: string;
  },
): readonly Criterion[] {
  const definition = composite.holders[0]?.components[0]?.definition;
  const offered = [...(service.parameters.get(use.type)?.values() ?? [])];
  const parameter = offered.find((candidate) => candidate.definition === definition);
  if (parameter === undefined) return [];
  const numbers = parameter.indexNames.map(service.parameterNumbers.numberOf);
  const value = use.alternatives.map(([first = '']) => first.replace(/[\\,]/g, '\\$&')).join(',');
  return [criterionOf({ parameter, numbers, modifier: undefined, value, baseUrl: use.baseUrl })];
}

/** Teaches the database the check of composite parameters, which reads the resource itself. */
export function registerCompositeCheck(database: DatabaseSync): void {
  database.function('composite_matches', { deterministic: true }, (body, spec) =>
    compositeMatches(String(body), String(spec)) ? 1 : 0,
  );
}

function compositeMatches(body: string, spec: string): boolean {
  const [type, code, alternatives]: readonly unknown[] = JSON.parse(spec);
  const composite = compositeParameter(String(type), String(code));
  if (composite === undefined || !isArray(alternatives)) return false;
  const resource = parseStored(body);
  return composite.holders.some(({ path, components }) =>
    evaluatePath(path, resource).some((holder) =>
      alternatives.some(
        (texts) =>
          isArray(texts) &&
          components.every((component, index) =>
            componentMatches(component, { resource, holder, text: String(texts[index]) }),
          ),
      ),
    ),
  );
}

function componentMatches(
  { paths, kind, fromResource }: CompositeComponent,
  within: { readonly resource: JsonObject; readonly holder: Json; readonly text: string },
): boolean {
  const start = fromResource ? within.resource : within.holder;
  if (!isObject(start)) return false;
  return paths
    .flatMap((path) => evaluatePath(path, start))
    .flatMap((element) => indexValues(kind, element))
    .some((value) => matchesText(kind, value, within.text));
}
