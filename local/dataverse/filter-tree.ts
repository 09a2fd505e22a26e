import type { Literal } from './resource-path.ts';

export type Operand =
  | { readonly kind: 'property'; readonly navigation: string | undefined; readonly name: string }
  | { readonly kind: 'literal'; readonly literal: Literal };

export type Property = Operand & { readonly kind: 'property' };

export const comparisons = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];

export const textTests = ['contains', 'startswith', 'endswith'] as const;
export type TextTest = (typeof textTests)[number];

export const listTests = ['In', 'NotIn', 'Between', 'NotBetween'] as const;
export type ListTest = (typeof listTests)[number];

/** A `$filter` as a tree. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Filter[] }
  | { readonly kind: 'not'; readonly item: Filter }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly left: Operand;
      readonly right: Operand;
    }
  | {
      readonly kind: 'text';
      readonly test: TextTest;
      readonly property: Property;
      readonly text: string;
    }
  | {
      readonly kind: 'list';
      readonly test: ListTest;
      readonly property: Property;
      readonly values: readonly string[];
    }
  | {
      /** A query function of `Microsoft.Dynamics.CRM` other than the lists. */
      readonly kind: 'query';
      readonly name: string;
      readonly property: Property;
      readonly values: readonly string[];
    }
  | {
      readonly kind: 'lambda';
      readonly test: 'any' | 'all';
      /** Collection-valued navigation property. */
      readonly collection: string;
      /** Undefined: `any()`, true when there is a row at all. */
      readonly item: Filter | undefined;
    };

export function propertyOf(text: string): Property {
  const [first = '', second] = text.split('/');
  return second === undefined
    ? { kind: 'property', navigation: undefined, name: first }
    : { kind: 'property', navigation: first, name: second };
}
