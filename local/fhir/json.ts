import { parseExact } from './exact-json.ts';

/** What `JSON.parse` can give: the shape of everything this service takes in and hands out. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

/** The text at `key`, or undefined when it is missing or no text. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value = object[key];
  return typeof value === 'string' ? value : undefined;
}

/** The object at `key`, or undefined when it is missing or no object. */
export function objectAt(object: JsonObject, key: string): JsonObject | undefined {
  const value = object[key];
  return isObject(value) ? value : undefined;
}

/** Items of an array, the value itself as one item, or nothing for undefined and null. */
export function itemsOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return isArray(value) ? value : [value];
}

/** Reads text that this service wrote itself; such text is always a JSON object. */
export function parseStored(text: string): JsonObject {
  const value = parseExact(text);
  return isObject(value) ? value : {};
}
