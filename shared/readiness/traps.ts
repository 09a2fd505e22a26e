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
      when: 'during the export',
      what: 'Instants are moved by the smallest number of milliseconds that puts versions in order, and each move is listed. What the target refuses all the same is put in quarantine with its cause.',
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
      what: 'Counting every millisecond beforehand costs more than the export. Such versions are found while they are staged and parted over several import operations.',
    },
  ];
}
