/** The list that an unknown name is answered with; .NET's hash table orders it. */
const knownNames = /(The following are the known \w+ functions: )([^.]*)/;

/** Replaces what differs from run to run in one text: GUIDs, times, addresses, stacks. */
function normaliseText(text: string): string {
  return text
    .replace(
      /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|guid-\d+(?!\d|n)/g,
      '<guid>',
    )
    .replace(/\b[0-9a-f]{32}\b|guid-\d+n/g, '<guid32>')
    .replace(/(?!1970|2020-01-01|0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z?|\bT\+\d+\b/g, '<time>')
    .replace(/(?!1970|2020-01-01|0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\bTsec\b/g, '<second>')
    .replace(
      /Microsoft\.Azure\.WebJobs\.Script\.Workers\.Rpc\.RpcException, Microsoft\.Azure\.WebJobs\.Script/g,
      '<RpcException type>',
    )
    .replace(/<http>|http:\/\/<host>|<host>(?=\/runtime)|http:\/\/127\.0\.0\.1:\d+/g, '<web>')
    .replace(/Connection refused \([^)]*\)/g, 'Connection refused')
    .replace(/\?k=\d+/g, '?k=0')
    .replace(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/g, '<date>')
    .replace(knownNames, (_, before, names) => before + names.split(', ').sort().join(', '))
    .replace(/StackTrace: [\s\S]*$/, 'StackTrace: <stack>')
    .replace(/("?StackTraceString\\*": *\\*")(?!<stack>)[\s\S]*$/, '$1<stack>')
    .replace(/(\\*n|\n)\s+at [\s\S]*$/, '$1<frames>')
    .replace(/(Stack: \w*Error): (\\*n)/g, '$1$2')
    .replace(/(\\*n|\n)?<frames>[\s\S]*$/, '<frames>');
}

/** A value as both a recording and a run here would show it. Members of null and undefined are left out, as recordings leave out some. */
export function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value === 'string') return normaliseText(value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]): [string, unknown] => [
        normaliseText(key),
        key === 'StackTrace' ? '<stack>' : normalise(inner),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A text by which two normalised values can be compared and sorted. */
export function spelled(value: unknown): string {
  return JSON.stringify(normalise(value)) ?? 'undefined';
}
