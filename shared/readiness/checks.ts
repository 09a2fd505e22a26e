import type { ServiceComparison } from './compare-services.ts';
import type { ReadinessFacts, ReadinessItem, ServiceFacts } from './contract.ts';
import { exportDialectOf } from './description.ts';
import { done, impossible, person } from './items.ts';
import { futureSeconds } from './traps.ts';

/** What was tried out, and what follows for this plan; what is in the way comes as `impossible`. */
export function checksOf(
  facts: ReadinessFacts,
  comparison: ServiceComparison | null,
): readonly ReadinessItem[] {
  return [
    ...describedOf(facts),
    ...(comparison === null ? [] : typesOf(facts, comparison)),
    storageOf(facts),
    exportOf(facts.source),
    importOf(facts.target),
    ...anonymizationOf(facts),
    targetContentOf(facts),
    clockOf(facts),
  ];
}

function describedOf({ source, target }: ReadinessFacts): readonly ReadinessItem[] {
  return [source, target].flatMap(({ description }, index) => {
    const side = index === 0 ? 'source' : 'target';
    return description === undefined
      ? [
          impossible(
            `CapabilityStatement of the ${side}`,
            `The ${side} answers no CapabilityStatement at /metadata.`,
            'Check its address in the settings of the app.',
          ),
        ]
      : [];
  });
}

/** Types that the target does not know matter when the source holds some of them. */
function typesOf(
  { counts, plan }: ReadinessFacts,
  { typesMissing }: ServiceComparison,
): readonly ReadinessItem[] {
  const lost = counts.filter(
    ({ type, resources, versions }) =>
      typesMissing.includes(type) && resources + (versions ?? 0) > 0,
  );
  const unknown = plan.types.filter((type) => !counts.some((count) => count.type === type));
  const title = 'resource types';
  return [
    lost.length === 0
      ? done(title, 'The target knows every type that the source holds.')
      : impossible(
          title,
          `The target does not know ${lost.map(({ type, resources }) => `${type} (${resources})`).join(', ')}.`,
          'Choose another target, or name the types to move with "types".',
        ),
    ...(unknown.length === 0
      ? []
      : [
          impossible(
            'types of the plan',
            `The source does not know ${unknown.join(', ')}.`,
            'Take them out of "types".',
          ),
        ]),
  ];
}

const storageOf = ({ storageProblem }: ReadinessFacts): ReadinessItem =>
  storageProblem === null
    ? done('storage', 'A probe was written, read and deleted.')
    : impossible(
        'storage',
        `A probe cannot be written, read and deleted: ${storageProblem}.`,
        'Give the identity of the app the role "Storage Blob Data Contributor" on the account in FDS_MIGRATION_STORAGE.',
      );

const roleLater =
  'Whether its role is enough shows with the first job only: the service checks headers before roles, and a job is not started for a trial.';

function exportOf({ description, exportStatus }: ServiceFacts): ReadinessItem {
  const title = '$export of the source';
  const dialect = description === undefined ? null : exportDialectOf(description);
  if (dialect === null) {
    return person(
      title,
      'The source offers no $export. It is read by search, page by page: slower by far, without old versions and deletes.',
      'Turn $export on at the source if it has one.',
    );
  }
  if (exportStatus === null) {
    return person(
      title,
      'Offered, by the Bulk Data Access IG: no old versions. Not tried, because such a server may start a job at once.',
      'See that the identity of the app may export the whole service.',
    );
  }
  return reached(title, exportStatus, 'FHIR Data Exporter');
}

function importOf({ description, importStatus }: ServiceFacts): ReadinessItem {
  const title = '$import of the target';
  if (!(description?.operations.includes('import') ?? false) || importStatus === null) {
    return person(
      title,
      'The target offers no $import. It is written in bundles: slower by far, and versions are given anew.',
      'On Azure Health Data Services, set an import storage account and turn $import on.',
    );
  }
  return reached(title, importStatus, 'FHIR Data Importer');
}

/** A kick-off without the header `Prefer` starts nothing: 400 means that it would be heard. */
function reached(title: string, status: number, role: string): ReadinessItem {
  if (status === 400) {
    return {
      ...done(
        title,
        `Reached and signed in (a kick-off without its header answers 400). ${roleLater}`,
      ),
      action: `See that the identity of the app has the role "${role}".`,
    };
  }
  if (status === 401 || status === 403) {
    return impossible(
      title,
      `It answers ${status}.`,
      `Give the identity of the app the role "${role}", and check the authentication settings.`,
    );
  }
  return person(
    title,
    `A kick-off without its header answers ${status} in place of 400.`,
    'Look at the service; the first job will tell.',
  );
}

function anonymizationOf({
  anonymization,
  source,
  plan,
}: ReadinessFacts): readonly ReadinessItem[] {
  if (plan.anonymizationConfig === null) return [];
  const title = 'de-identification';
  const speaks = source.description !== undefined && exportDialectOf(source.description) === 'ahds';
  if (!speaks) {
    return [
      impossible(
        title,
        'The source cannot de-identify: only $export of Azure Health Data Services does.',
        'Leave "anonymizationConfig" out, or move from such a service.',
      ),
    ];
  }
  if (anonymization === null || anonymization.state !== 'readable') {
    return [
      impossible(
        title,
        `The configuration ${plan.anonymizationConfig} is ${anonymization?.state ?? 'absent'} in the container "anonymization".`,
        'Put the configuration there, as JSON, under this name.',
      ),
    ];
  }
  if (anonymization.changing.length > 0) {
    return [
      impossible(
        title,
        `The configuration gives other content each time (${anonymization.changing.join(', ')}), so that a window read twice conflicts with itself and no proof is possible.`,
        'Use methods that always give the same: cryptoHash and dateShift with a key of their own, redact, generalize, substitute, keep.',
      ),
    ];
  }
  const kept = done(title, 'The configuration gives the same content each time.');
  if (!anonymization.touchesMeta) return [kept];
  return [
    kept,
    person(
      'de-identification of meta',
      'A rule may change meta, where versions and their instants are.',
      'Put {"path": "Resource.meta", "method": "keep"} before it, or the target gives versions anew.',
    ),
  ];
}

const targetContentOf = ({ targetResources }: ReadinessFacts): ReadinessItem =>
  targetResources === 0
    ? done('content of the target', 'The target is empty.')
    : person(
        'content of the target',
        `The target holds ${targetResources} resources already.`,
        'What the source does not have is deleted in the target by the proof, or named as a difference. Empty the target unless these came from the same source.',
      );

function clockOf({ source, target }: ReadinessFacts): ReadinessItem {
  const ahead = source.clockAheadSeconds - target.clockAheadSeconds;
  return ahead > futureSeconds
    ? person(
        'clocks',
        `The source's clock is ${Math.round(ahead)} s ahead of the target's.`,
        'Raise "lagSeconds" above this.',
      )
    : done('clocks', 'The clocks of both services agree.');
}
