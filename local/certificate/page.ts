import type {
  Account,
  Certificate,
  CheckResult,
  SignatureState,
} from '../../shared/proof/index.ts';
import { textTable } from './text-table.ts';

type Checked = Exclude<CheckResult, { readonly kind: 'unreadable' }>;

/** Lines of a list that are shown; the file has the others. */
const shown = 20;

/** What a person reads in the terminal. */
export function certificatePage(result: Checked): string {
  const { certificate, points, signature } = result;
  const facts = certificate === undefined ? [] : describe(certificate, result.kind);
  const checks = points.map(({ point, problem }) =>
    problem === undefined ? `  ok      ${point}` : `  FAILED  ${point}: ${problem}`,
  );
  const blocks = [
    headline(result),
    ...facts,
    ['Checked', ...checks].join('\n'),
    signatureLine(signature),
    list('It proves', result.proves),
    list('It does not prove', result.doesNotProve),
  ];
  return `\n${plain(blocks.filter((block) => block !== '').join('\n\n'))}\n\n`;
}

function headline({ kind, certificate }: Checked): string {
  if (kind === 'unsound') {
    return 'NOT SOUND: this certificate was changed, or never held. Believe nothing in it.';
  }
  const words = {
    equal: 'Source and target are EQUAL.',
    'equal-except-quarantined': 'Source and target are EQUAL EXCEPT what is in quarantine.',
    different: 'Source and target are DIFFERENT.',
  };
  return `SOUND. ${words[certificate?.verdict ?? 'different']}`;
}

function describe(certificate: Certificate, kind: Checked['kind']): readonly string[] {
  const claim = kind === 'unsound' ? 'What it claims\n' : '';
  return [
    `${claim}${facts(certificate)}`,
    typeTable(certificate),
    differences(certificate),
    account('Quarantined', certificate.quarantine),
    account('Repaired on the way', certificate.repairs),
    account('Hard deletes applied', certificate.hardDeletes),
    references(certificate),
  ];
}

function facts({ migration, comparison, madeAt, madeBy, roots, ledger }: Certificate): string {
  const { source, target, range, types } = migration;
  const service = ({ url, fhirVersion, software }: typeof source): string =>
    `${url} (FHIR ${fhirVersion}${software === null ? '' : `, ${software}`})`;
  const carried = [
    migration.history ? 'with history' : 'current versions',
    migration.deletes ? 'with deletes' : 'without deletes',
    ...(migration.deidentified ? ['de-identified'] : []),
  ];
  const rows = [
    ['migration', `${migration.id}, ${migration.pattern}, ${carried.join(', ')}`],
    ['source', service(source)],
    ['target', service(target)],
    ['range', `${range.since ?? 'the beginning'} to ${range.till ?? 'the end'}`],
    ['types', types === null ? 'all' : types.join(', ')],
    ['moved', `${migration.startedAt} to ${migration.endedAt}, ${ledger.length} windows`],
    ['compared', `${comparison.comparedAt}, ${comparison.mode}`],
    ['made', `${madeAt} by ${madeBy}`],
    ['source root', roots.source],
    ['target root', roots.target],
  ];
  return rows.map(([name = '', value = '']) => `  ${name.padEnd(12)}${value}`).join('\n');
}

function typeTable({ types }: Certificate): string {
  const columns = ['exported', 'loaded', 'present', 'quarantined', 'deleted', 'equal'] as const;
  const rows = types.map((type) => ({
    name: type.type,
    figures: [
      ...columns.map((column) => type[column]),
      type.hardDeleted,
      ...(['missing', 'extra', 'altered', 'undeleted'] as const).map(
        (kind) => type.differences[kind],
      ),
      (['version-differs', 'moved', 'wrongly-deleted'] as const).reduce(
        (sum, kind) => sum + type.differences[kind],
        0,
      ) +
        type.differences['duplicate-in-source'] +
        type.differences['duplicate-in-target'],
    ],
  }));
  return textTable(
    ['type', ...columns, 'hard-deleted', 'missing', 'extra', 'altered', 'undeleted', 'other'],
    rows,
    columns.length,
  );
}

function differences({ differences: { count, listed } }: Certificate): string {
  if (count === 0) return '';
  const lines = listed
    .slice(0, shown)
    .map(({ kind, resourceType, id, sourceVersion, targetVersion }) => {
      const versions = `version ${sourceVersion ?? '-'} in the source, ${targetVersion ?? '-'} in the target`;
      return `  ${kind.padEnd(16)}${resourceType}/${id}  ${versions}`;
    });
  return [`Differences: ${count}`, ...lines, ...more(count, lines.length)].join('\n');
}

function account(title: string, { count, kinds, listed }: Account): string {
  if (count === 0) return '';
  const sums = kinds.map(({ kind, count: of }) => `${of} ${kind}`).join(', ');
  const lines = listed.slice(0, shown).map(({ kind, reference, versionId, movedBy }) => {
    const version = versionId === null ? '' : ` version ${versionId}`;
    const moved = movedBy === null ? '' : `, lastUpdated moved by ${movedBy} ms`;
    return `  ${kind.padEnd(16)}${reference ?? '(no reference could be read)'}${version}${moved}`;
  });
  return [`${title}: ${count} (${sums})`, ...lines, ...more(count, lines.length)].join('\n');
}

const more = (count: number, listed: number): readonly string[] =>
  count > listed ? [`  … and ${count - listed} more`] : [];

function references({ references: closure }: Certificate): string {
  if (closure === null) return 'References: not checked';
  const { local, elsewhere, broken, danglingInSource, brokenExamples } = closure;
  const lines = brokenExamples.slice(0, shown).map(({ from, to }) => `  ${from} points at ${to}`);
  return [
    `References: ${local} inside the service, of which ${broken} broke on the way and ${danglingInSource} pointed nowhere in the source already; ${elsewhere} point elsewhere`,
    ...lines,
  ].join('\n');
}

function signatureLine(signature: SignatureState): string {
  switch (signature.kind) {
    case 'none':
      return 'Signature: none';
    case 'unknown-key':
      return `Signature: Ed25519, by the key ${signature.publicKey}, which nobody vouches for (--public-key FILE does)`;
    case 'trusted':
      return `Signature: Ed25519, by the key you gave (${signature.publicKey})`;
    case 'wrong':
      return `Signature: WRONG, ${signature.reason}`;
  }
}

const list = (title: string, sentences: readonly string[]): string =>
  sentences.length === 0 ? '' : [title, ...sentences.map((line) => `  - ${line}`)].join('\n');

/** Without what would move the cursor of a terminal: the file may come from anyone. */
function plain(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, '?');
}
