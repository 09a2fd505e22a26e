/** A page of text and tables, written as HTML or as Markdown. */
export interface Page {
  readonly title: string;
  readonly lead: readonly string[];
  readonly sections: readonly Section[];
}

export interface Section {
  readonly heading: string;
  readonly text?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function toMarkdown({ title, lead, sections }: Page): string {
  const parts = sections.flatMap(({ heading, text, columns, rows }) => [
    `## ${heading}`,
    ...(text === undefined ? [] : [markdownText(text)]),
    ...(rows.length === 0
      ? []
      : [
          [columns, columns.map(() => '---'), ...rows]
            .map((cells) => `| ${cells.map(markdownText).join(' | ')} |`)
            .join('\n'),
        ]),
  ]);
  return `${[`# ${title}`, ...lead.map(markdownText), ...parts].join('\n\n')}\n`;
}

/** One line, without characters that Markdown would read. */
const markdownText = (text: string): string =>
  text.replaceAll(/[\r\n]+/g, ' ').replaceAll(/[\\|`*_<>[\]]/g, (character) => `\\${character}`);

const style = `body{font:16px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #d5d5d5;overflow-wrap:anywhere}
th{background:#f3f3f3}`;

/** Complete by itself: no script, nothing loaded from elsewhere. */
export function toHtml({ title, lead, sections }: Page): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${htmlText(title)}</title><style>${style}</style></head>
<body>
<h1>${htmlText(title)}</h1>
${lead.map((text) => `<p>${htmlText(text)}</p>`).join('\n')}
${sections.map(sectionHtml).join('\n')}
</body>
</html>
`;
}

function sectionHtml({ heading, text, columns, rows }: Section): string {
  const lead = text === undefined ? '' : `<p>${htmlText(text)}</p>`;
  return `<h2>${htmlText(heading)}</h2>${lead}${rows.length === 0 ? '' : tableHtml(columns, rows)}`;
}

function tableHtml(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], name: 'th' | 'td'): string =>
    `<tr>${cells.map((value) => `<${name}>${htmlText(value)}</${name}>`).join('')}</tr>`;
  const body = rows.map((cells) => row(cells, 'td')).join('');
  return `<table><thead>${row(columns, 'th')}</thead><tbody>${body}</tbody></table>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const htmlText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
