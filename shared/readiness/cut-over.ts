import type { ReadinessItem } from './contract.ts';
import { automatic, done, person } from './items.ts';
import type { Page, Section } from './page.ts';

/** Where a migration is, as far as the cut-over depends on it. */
export interface CutOverFacts {
  readonly migrationId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  /** The FHIR service that this product itself works with; undefined when it only migrates. */
  readonly ownFhirUrl: string | undefined;
  /** The cut-over is ordered, or comes by itself. */
  readonly ordered: boolean;
  readonly frozenAt: string | null;
  /** How far the copy is behind the source's clock; null before the first window. */
  readonly lagSeconds: number | null;
  readonly quarantined: number;
  /** Null before the first proof. */
  readonly differences: number | null;
  readonly cleanup: 'done' | 'failing' | 'pending';
}

export interface CutOverChecklist {
  readonly migrationId: string;
  readonly state: string;
  /** Seconds that the copy is behind the source: what the cut-over has to wait for at least. */
  readonly tailLagSeconds: number | null;
  readonly before: readonly ReadinessItem[];
  readonly during: readonly ReadinessItem[];
  readonly after: readonly ReadinessItem[];
}

/** What remains to be done so that everything works with the target, in order, and who does it. */
export function cutOverChecklist(facts: CutOverFacts): CutOverChecklist {
  return {
    migrationId: facts.migrationId,
    state: facts.state,
    tailLagSeconds: facts.lagSeconds,
    before: beforeOf(facts),
    during: duringOf(facts),
    after: [...repointing(facts), ...decommissioning(facts)],
  };
}

function beforeOf({ lagSeconds, quarantined }: CutOverFacts): readonly ReadinessItem[] {
  const lag = lagSeconds === null ? 'Nothing is copied yet.' : `${lagSeconds} s behind the source.`;
  return [
    person(
      'tail lag',
      lag,
      'Cut over when this is steady and small: what is left is copied while nobody may write.',
    ),
    quarantined === 0
      ? done('quarantine', 'Empty.')
      : person(
          'quarantine',
          `${quarantined} versions could not be moved.`,
          'Mend and replay them, or decide that they stay behind; the certificate names them.',
        ),
    person(
      'readiness',
      'What a person has to do before, is in the readiness report.',
      'Go through GET /api/migrations/{id}/readiness once more.',
    ),
  ];
}

function duringOf(facts: CutOverFacts): readonly ReadinessItem[] {
  const { frozenAt, ordered, sourceUrl, migrationId } = facts;
  return [
    frozenAt === null
      ? person(
          'source read-only',
          'The source has not been seen still yet.',
          `Stop whoever writes to ${sourceUrl}: give writers the role "FHIR Data Reader" in place of what they have, this product included.`,
        )
      : done('source read-only', `No change after ${frozenAt}, in two looks.`),
    ordered
      ? done('order', 'The cut-over is ordered.')
      : person(
          'order',
          'The copy goes on until it is told.',
          `POST /api/migrations/${migrationId}/cut-over`,
        ),
    proofOf(facts),
  ];
}

function proofOf({ state, differences, reason }: CutOverFacts): ReadinessItem {
  const title = 'last window, proof and certificate';
  if (state === 'completed') return done(title, 'Both sides are equal; the certificate says so.');
  if (state === 'different') {
    return person(
      title,
      `${differences ?? 0} differences are left, each named in the certificate.`,
      'Look at each. Mend them and order "resume": it is proven again.',
    );
  }
  return automatic(title, `${state}${reason === null ? '' : `: ${reason}`}.`);
}

function ownAddress({
  sourceUrl,
  targetUrl,
  ownFhirUrl,
}: Pick<CutOverFacts, 'sourceUrl' | 'targetUrl' | 'ownFhirUrl'>): ReadinessItem {
  const title = 'this product: FDS_FHIR_URL';
  if (ownFhirUrl === targetUrl) return done(title, 'It is the target.');
  if (ownFhirUrl === undefined) {
    return person(
      title,
      'This app only migrates.',
      `If another one synchronizes the source with Dataverse: set its FDS_FHIR_URL to ${targetUrl}, then start it again.`,
    );
  }
  return person(
    title,
    ownFhirUrl === sourceUrl ? 'It is the source.' : 'It is another service.',
    `Set FDS_FHIR_URL to ${targetUrl}, and FDS_FHIR_ACCOUNTS to ${new URL(targetUrl).hostname} if it is set; then start the app again.`,
  );
}

function repointing({ sourceUrl, targetUrl, ownFhirUrl }: CutOverFacts): readonly ReadinessItem[] {
  const target = new URL(targetUrl);
  return [
    person(
      'clients',
      `They call ${sourceUrl}.`,
      `Give them ${targetUrl}, and the audience ${target.origin} for their tokens.`,
    ),
    person(
      'SMART on FHIR',
      'Apps are registered with the source.',
      'Register them with the authorization server of the target; launch URLs and scopes too.',
    ),
    ownAddress({ sourceUrl, targetUrl, ownFhirUrl }),
    person(
      'event subscriptions',
      'Those of the source no longer tell of anything.',
      'Delete them; subscribe this product and all others to the events of the target.',
    ),
    person(
      'other readers',
      'Scheduled exports, data factories, reports and searches know the source by its address.',
      'Give them the target.',
    ),
    person(
      'trial',
      'Equal data is not yet a working system.',
      'Read, search and write through one client of each kind.',
    ),
  ];
}

function decommissioning({ cleanup, migrationId }: CutOverFacts): readonly ReadinessItem[] {
  return [
    cleanupOf(cleanup),
    person(
      'certificate',
      'It is the only proof once the source is gone.',
      `Keep GET /api/migrations/${migrationId}/certificate and check the file with npm run certificate.`,
    ),
    person(
      'source',
      'It still holds everything.',
      'Keep it read-only as long as your rules want, then delete it, its role assignments and its export containers.',
    ),
  ];
}

function cleanupOf(cleanup: CutOverFacts['cleanup']): ReadinessItem {
  const title = 'staged data and old jobs';
  if (cleanup === 'done') return done(title, 'Removed and ended.');
  return cleanup === 'failing'
    ? automatic(title, 'The removal failed and is tried again; the migration shows why.')
    : automatic(title, 'Removed and ended when the migration is at rest.');
}

/** The checklist for people. */
export function cutOverPage(checklist: CutOverChecklist): Page {
  const { migrationId, state, tailLagSeconds: lag, before, during, after } = checklist;
  const section = (heading: string, items: readonly ReadinessItem[]): Section => ({
    heading,
    columns: ['what', 'status', 'found', 'to do'],
    rows: items.map(({ title, status, found, action }) => [title, status, found, action ?? '']),
  });
  return {
    title: `Cut-over of migration ${migrationId}`,
    lead: [`It is ${state}${lag === null ? '' : `, ${lag} s behind the source`}.`],
    sections: [section('Before', before), section('During', during), section('After', after)],
  };
}
