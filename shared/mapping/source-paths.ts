import type { Source, Sources } from './map-source.ts';
import { parseTemplate } from './template.ts';

export function asList<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

/** Every path that a source reads from its own resource or item. */
export function pathsOf(source: Source): readonly string[] {
  if (typeof source === 'string') return [source];
  if ('s' in source) return [source.s];
  if ('typeOf' in source) return [source.typeOf];
  if ('textOf' in source) return [source.textOf];
  if ('contained' in source) return [source.contained];
  const template = parseTemplate(source.template);
  return template.kind === 'refused' ? [] : template.paths;
}

/** The path of a source that is nothing but a path: the only form that can be written through. */
export function plainPath(source: Source): string | undefined {
  if (typeof source === 'string') return source;
  return 's' in source ? source.s : undefined;
}

/** The paths of a source as problems name them. */
export function pathText(sources: Sources | undefined): string {
  return sources === undefined ? '' : asList(sources).flatMap(pathsOf).join(' | ');
}
