/** The plural that Dataverse gives a table's entity set when nobody names one. */
export function entitySetName(logicalName: string): string {
  if (/[^aeiou]y$/.test(logicalName)) {
    return `${logicalName.slice(0, -1)}ies`;
  }
  return /(s|x|z|ch|sh)$/.test(logicalName) ? `${logicalName}es` : `${logicalName}s`;
}
