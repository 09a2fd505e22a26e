import type { ServiceComparison } from './compare-services.ts';
import type { ReadinessFacts, ReadinessItem } from './contract.ts';
import { automatic, done, impossible, person } from './items.ts';

/**
 * The configuration checklist of Microsoft's migration guide (facts/migration.md §4 and issue 7):
 * nothing of it travels with the data, so each point says who does it.
 */
export function checklistOf(
  facts: ReadinessFacts,
  comparison: ServiceComparison | null,
): readonly ReadinessItem[] {
  return [
    person(
      'location',
      'The location of a service cannot be told from outside.',
      'See that the target is where the data may be, and the storage account in the subscription of both services.',
    ),
    versionOf(facts, comparison),
    person(
      'private link',
      'Network rules cannot be told from outside; both services and the storage answer this app.',
      'Make private endpoints and firewall rules of the target like those of the source, for clients too.',
    ),
    person(
      'authentication',
      'Authority and audience are settings of the target.',
      'Set them as on the source; clients that ask for the audience of the source need a new one.',
    ),
    person(
      'roles (RBAC)',
      'Role assignments do not travel.',
      'Assign clients and people their FHIR Data roles on the target.',
    ),
    smartOf(facts),
    person(
      'tags',
      'Tags of the resource do not travel.',
      'Copy them if costs or policies need them.',
    ),
    versioningOf(comparison),
    corsOf(facts),
    person(
      'managed identity',
      'The identity of the target reads and writes the storage account.',
      'Turn it on, and give it "Storage Blob Data Contributor" on the account in FDS_MIGRATION_STORAGE.',
    ),
    exportStorageOf(facts),
    profilesOf(facts, comparison),
    searchParametersOf(facts),
    person(
      'client registrations',
      'Clients know the address and the audience of the source.',
      'List them now; the cut-over checklist names them again.',
    ),
    person(
      'events',
      'Subscriptions of Event Grid do not travel, and an import may raise an event for every version.',
      'Switch subscriptions of the target off while it is loaded, those of the source at the cut-over. Then make them for the target.',
    ),
  ];
}

function versionOf(
  { source, target }: ReadinessFacts,
  comparison: ServiceComparison | null,
): ReadinessItem {
  const [from, to] = [source, target].map(({ description }) => description?.fhirVersion);
  if (comparison?.sameVersion === true) return done('FHIR version', `Both speak ${from}.`);
  const found = `The source speaks FHIR ${from ?? 'unknown'}, the target ${to ?? 'unknown'}.`;
  return impossible('FHIR version', found, 'Choose a target of the same version.');
}

function smartOf({ source, target }: ReadinessFacts): ReadinessItem {
  const [from, to] = [source.smartStatus === 200, target.smartStatus === 200];
  if (!from) return done('SMART on FHIR', 'The source does not offer it.');
  return to
    ? person(
        'SMART on FHIR',
        'Both offer it.',
        'Register the apps of the source with the authorization server of the target.',
      )
    : person('SMART on FHIR', 'The source offers it, the target does not.', 'Turn it on.');
}

function versioningOf(comparison: ServiceComparison | null): ReadinessItem {
  const title = 'versioning policy';
  const different = (comparison?.gaps ?? []).filter(({ versioning }) => versioning !== null);
  if (different.length === 0) return done(title, 'The same for every type.');
  const named = different
    .slice(0, 20)
    .map(({ type, versioning }) => `${type}: ${versioning?.source} → ${versioning?.target}`);
  return person(
    title,
    `Different for ${different.length} types (${named.join('; ')}).`,
    'Set the policy of these types on the target before anything is loaded.',
  );
}

function corsOf({ source, target }: ReadinessFacts): ReadinessItem {
  const same =
    source.description?.cors !== null && source.description?.cors === target.description?.cors;
  return person(
    'CORS',
    same ? 'Both say the same; allowed origins cannot be told.' : 'Not told by the services.',
    'Copy origins, headers and methods if browsers call the service.',
  );
}

const exportStorageOf = ({ storageProblem }: ReadinessFacts): ReadinessItem =>
  person(
    'export storage',
    storageProblem === null
      ? 'The app can use the storage account.'
      : 'The app cannot use the storage account; see the check of the storage.',
    'Set the same account as export storage of both services and as import storage of the target.',
  );

function profilesOf(
  { profiles, plan, counts }: ReadinessFacts,
  comparison: ServiceComparison | null,
): ReadinessItem {
  const title = 'profiles';
  if (profiles.length === 0) return done(title, 'The source holds no StructureDefinition.');
  const moved = plan.types.length === 0 || plan.types.includes('StructureDefinition');
  const known = counts.some(({ type }) => type === 'StructureDefinition');
  if (moved && known) {
    const missing = (comparison?.gaps ?? []).filter((gap) => gap.profiles.length > 0);
    const already = missing.length === 0 ? '' : ' The target does not list all of them yet.';
    return automatic(title, `${profiles.length} travel with the data.${already}`);
  }
  return person(
    title,
    `${profiles.length} are in the source, and the plan does not move StructureDefinition.`,
    'Move them too, or load them into the target.',
  );
}

function searchParametersOf({
  customSearchParameters: custom,
  searchParametersInTarget: there,
}: ReadinessFacts): ReadinessItem {
  const title = 'search parameters';
  if (custom.length === 0) return done(title, 'The source has none of its own.');
  const missing = custom.filter((url) => !there.includes(url));
  return missing.length === 0
    ? done(title, `The target has all ${custom.length}.`)
    : automatic(
        title,
        `${missing.length} of ${custom.length} are written to the target before anything is loaded, so that no full reindex is needed.`,
      );
}
