import { checkCertificate } from '../../shared/proof/index.ts';
import { RunError } from '../run/run-error.ts';
import type { ShownMigration } from './migration-api.ts';

export interface TypeSummary {
  readonly exported: number;
  readonly loaded: number;
  readonly present: number;
  readonly quarantined: number;
  readonly deleted: number;
  readonly equal: number;
}

export interface MigrationSummary {
  readonly state: string;
  readonly verdict: string;
  readonly seconds: number;
  readonly windows: number;
  readonly ledgerCloses: boolean;
  readonly differences: number;
  readonly total: TypeSummary;
  readonly types: Readonly<Record<string, TypeSummary>>;
}

/** The closing figures, from the certificate: what is not in it is not claimed. */
export function summarize(
  shown: ShownMigration,
  certificateText: string,
  seconds: number,
): MigrationSummary {
  const checked = checkCertificate(certificateText);
  if (checked.kind !== 'sound' || checked.certificate === undefined) {
    throw new RunError(
      'The certificate of the migration is not sound. See its check with npm run certificate.',
    );
  }
  const { certificate } = checked;
  const types = Object.fromEntries(
    certificate.types.map((figures): [string, TypeSummary] => [
      figures.type,
      {
        exported: figures.exported,
        loaded: figures.loaded,
        present: figures.present,
        quarantined: figures.quarantined,
        deleted: figures.deleted + figures.hardDeleted,
        equal: figures.equal,
      },
    ]),
  );
  const total = Object.values(types).reduce(addTypes, nothing);
  return {
    state: shown.state,
    verdict: certificate.verdict,
    seconds: Math.round(seconds * 10) / 10,
    windows: shown.progress.windows.closed,
    ledgerCloses: total.exported === total.loaded + total.present + total.quarantined,
    differences: certificate.differences.count,
    total,
    types,
  };
}

const nothing: TypeSummary = {
  exported: 0,
  loaded: 0,
  present: 0,
  quarantined: 0,
  deleted: 0,
  equal: 0,
};

const addTypes = (one: TypeSummary, other: TypeSummary): TypeSummary => ({
  exported: one.exported + other.exported,
  loaded: one.loaded + other.loaded,
  present: one.present + other.present,
  quarantined: one.quarantined + other.quarantined,
  deleted: one.deleted + other.deleted,
  equal: one.equal + other.equal,
});

const columns = ['exported', 'loaded', 'present', 'quarantined', 'deleted', 'equal'] as const;

/** The table that a run ends with: a line per type, and the total. */
export function summaryTable({ types, total, ...summary }: MigrationSummary): string {
  const rows = [...Object.entries(types), ['total', total] as const];
  const width = Math.max(...rows.map(([name]) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(13)).join('')}`;
  return [
    line('', columns),
    ...rows.map(([name, figures]) =>
      line(
        name,
        columns.map((column) => String(figures[column])),
      ),
    ),
    `  ${summary.verdict} after ${summary.seconds} s in ${summary.windows} windows; the books ${summary.ledgerCloses ? 'close' : 'do not close'}`,
  ].join('\n');
}
