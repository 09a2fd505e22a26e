import type { DataTrap, ReadinessFacts } from './contract.ts';

/** `$import` refuses instants more than 10 seconds in its future (facts/migration.md §2.3, rule 1). */
export const futureSeconds = 10;

/**
 * The known traps in data. Few can be told beforehand without reading everything; for the others
 * it is said where each line is looked at.
 */
export function trapsOf({ oldest, newest, source, target }: ReadinessFacts): readonly DataTrap[] {
  const ahead = source.clockAheadSeconds - target.clockAheadSeconds;
  const late =
    ahead > futureSeconds
      ? `The source's clock is ${Math.round(ahead)} s ahead of the target's: new versions are refused as dated in the future until the target's clock reaches them; they are tried again.`
      : 'The clocks of both services agree within what the target allows.';
  return [
    { trap: 'versions dated in the future', when: 'now', what: late },
    {
      trap: 'range of lastUpdated',
      when: 'now',
      what: `oldest ${oldest ?? 'none'}, newest ${newest ?? 'none'}, by the source's clock`,
    },
    {
      trap: 'equal or inverted lastUpdated and versionId',
      when: 'during the import',
      what: 'The target refuses such versions by line. They are mended where nothing is lost by it, else put in quarantine with their cause.',
    },
    {
      trap: 'ids outside of [A-Za-z0-9-.]{1,64}',
      when: 'during the export',
      what: 'Each line is looked at before it goes into an import file; such a line goes to quarantine.',
    },
    {
      trap: 'decimals with more than 18 digits',
      when: 'during the export',
      what: 'Each line is looked at; such a line goes to quarantine, because the target would refuse or shorten it.',
    },
    {
      trap: 'resources larger than a processing unit of the import',
      when: 'during the export',
      what: 'The longest line of a file sets the unit of its import; what no unit can hold goes to quarantine.',
    },
    {
      trap: 'more than 10,000 versions in one millisecond',
      when: 'during the export',
      what: 'Counting every millisecond beforehand costs more than the export. The target refuses from about 80,000 on; the import is then made in halves.',
    },
  ];
}
