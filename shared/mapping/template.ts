/** A run of text and paths; an optional one is left out when one of its paths is absent. */
export interface TemplateSection {
  readonly optional: boolean;
  readonly parts: readonly TemplatePart[];
}

export type TemplatePart = { readonly text: string } | { readonly path: string };

export interface Template {
  readonly kind: 'template';
  readonly sections: readonly TemplateSection[];
  readonly paths: readonly string[];
}

export interface RefusedTemplate {
  readonly kind: 'refused';
  readonly problem: string;
  readonly remedy: string;
}

const tokens = /\{([^{}]+)\}|([[\]{}])|([^[\]{}]+)/g;

/** Parses `{$.family}[, {$.given[0]}]`: paths in braces, optional runs in square brackets. */
export function parseTemplate(text: string): Template | RefusedTemplate {
  const sections: { readonly optional: boolean; readonly parts: TemplatePart[] }[] = [];
  let open = { optional: false, parts: [] as TemplatePart[] };
  for (const [token, path, mark, plain = ''] of text.matchAll(tokens)) {
    if (path !== undefined) open.parts.push({ path });
    else if (mark === undefined) open.parts.push({ text: plain });
    else if ((token === '[' && !open.optional) || (token === ']' && open.optional)) {
      sections.push(open);
      open = { optional: token === '[', parts: [] };
    } else return refused;
  }
  sections.push(open);
  const filled = sections.filter(({ parts }) => parts.length > 0);
  const paths = filled.flatMap(({ parts }) => parts.flatMap((part) => pathIn(part)));
  const idle = filled.some(({ optional, parts }) => optional && !parts.some(isPath));
  if (open.optional || idle || paths.length === 0) return refused;
  return { kind: 'template', sections: filled, paths };
}

const refused: RefusedTemplate = {
  kind: 'refused',
  problem: 'a template that cannot be read',
  remedy: 'Write paths in braces and optional runs, each with a path, in [ ]: {$.a}[, {$.b}]',
};

const isPath = (part: TemplatePart): boolean => 'path' in part;

const pathIn = (part: TemplatePart): readonly string[] => ('path' in part ? [part.path] : []);
