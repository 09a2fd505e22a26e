import type { HttpRequest } from '@azure/functions';
import { AppError } from '../../shared/errors.ts';

/** Forms in which a report is given, by what follows the dot in the name of its file. */
export type PageFormat = 'json' | 'html' | 'md';

export const contentTypes: Readonly<Record<PageFormat, string>> = {
  json: 'application/json',
  html: 'text/html; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
};

const asked: Readonly<Record<string, PageFormat>> = {
  json: 'json',
  html: 'html',
  md: 'md',
  markdown: 'md',
};

/**
 * By `?format=`, else by the first of the media types in `Accept` that is known: a browser gets
 * the page, a program JSON.
 * @throws AppError INPUT_INVALID
 */
export function pageFormat(request: Pick<HttpRequest, 'query' | 'headers'>): PageFormat {
  const format = request.query.get('format');
  if (format !== null) {
    const known = asked[format];
    if (known !== undefined) return known;
    throw new AppError('INPUT_INVALID', 'give one of the formats json, html or markdown');
  }
  const accepted = (request.headers.get('accept') ?? '').split(',').map((part) => part.trim());
  for (const type of accepted) {
    if (type.startsWith('text/html')) return 'html';
    if (type.startsWith('text/markdown')) return 'md';
    if (type.startsWith('application/json')) return 'json';
  }
  return 'json';
}
