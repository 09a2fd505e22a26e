import type { ReadinessItem, ReadinessReport, TypeCount } from './contract.ts';
import type { Page, Section } from './page.ts';
import { versionsOf } from './report.ts';

/** The report for people: what is in the way first, then what they have to do. */
export function readinessPage(report: ReadinessReport): Page {
  const { source, target, total, possible, reasons, madeAt } = report;
  const size = `${total.resources} resources${total.versions === null ? '' : `, ${total.versions} versions`}, about ${Math.round(total.bytes / 1e6)} MB; ${total.inTarget} resources are in the target.`;
  return {
    title: 'Readiness of a migration',
    lead: [
      `From ${source.url} (FHIR ${source.fhirVersion ?? 'unknown'}${software(source.software)}) to ${target.url} (FHIR ${target.fhirVersion ?? 'unknown'}${software(target.software)}), found out at ${madeAt}.`,
      possible ? 'Nothing is in the way.' : `It cannot start: ${reasons.join(' ')}`,
      size,
    ],
    sections: [
      itemSection('A person has to do', both(report, ['person', 'impossible'])),
      itemSection('Done, or done by the migration', both(report, ['done', 'automatic'])),
      ...gapSections(report),
      {
        heading: 'Known traps in data',
        columns: ['trap', 'looked at', 'what happens'],
        rows: report.traps.map(({ trap, when, what }) => [trap, when, what]),
      },
      {
        heading: 'Types',
        columns: ['type', 'resources', 'versions', 'in the target', 'bytes each', 'MB'],
        rows: report.types.map(typeRow),
      },
      listSection(
        'Search parameters of the source',
        report.searchParameters.map(({ url, inTarget }) => [
          url,
          inTarget ? 'in the target' : 'is written before the load',
        ]),
      ),
      listSection(
        'Profiles of the source',
        report.profiles.map((url) => [url, 'travels as a resource']),
      ),
    ].filter(({ rows }) => rows.length > 0),
  };
}

const software = (name: string | null): string => (name === null ? '' : `, ${name}`);

const both = (
  { checks, checklist }: ReadinessReport,
  statuses: readonly ReadinessItem['status'][],
): readonly ReadinessItem[] =>
  [...checks, ...checklist].filter(({ status }) => statuses.includes(status));

const itemSection = (heading: string, items: readonly ReadinessItem[]): Section => ({
  heading,
  columns: ['what', 'status', 'found', 'to do'],
  rows: items.map(({ title, status, found, action }) => [title, status, found, action ?? '']),
});

function gapSections({ comparison }: ReadinessReport): readonly Section[] {
  if (comparison === null) return [];
  const missing = [
    ['types', comparison.typesMissing],
    ['interactions of the service', comparison.interactionsMissing],
    ['operations of the service', comparison.operationsMissing],
  ] as const;
  const rows = [
    ...missing
      .filter(([, names]) => names.length > 0)
      .map(([what, names]) => [what, names.join(', ')]),
    ...comparison.gaps.map((gap) => [
      gap.type,
      [...gap.interactions, ...gap.searchParameters, ...gap.operations, ...gap.profiles].join(
        ', ',
      ) || `versioning ${gap.versioning?.source} → ${gap.versioning?.target}`,
    ]),
  ];
  return [{ heading: 'What the target lacks', columns: ['where', 'what'], rows }];
}

const typeRow = (count: TypeCount): readonly string[] => [
  count.type,
  String(count.resources),
  count.versions === null ? 'not counted' : String(count.versions),
  String(count.inTarget ?? 0),
  count.bytesPerResource === null ? '' : String(count.bytesPerResource),
  ((versionsOf(count) * (count.bytesPerResource ?? 0)) / 1e6).toFixed(1),
];

const listSection = (heading: string, rows: readonly (readonly string[])[]): Section => ({
  heading,
  columns: ['URL', 'what happens'],
  rows,
});
