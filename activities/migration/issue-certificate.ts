import { z } from 'zod';
import type {
  MigrationStore,
  QuarantinedVersion,
  RepairRecord,
  WindowRecord,
} from '../../shared/migration/index.ts';
import { buildCertificate, createAccount, sealCertificate } from '../../shared/proof/index.ts';
import { closureOf } from './check-references.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { readDifferences } from './differences-file.ts';
import { loadProof, type ProofInput, proofContainer, wholeDigest } from './proof-files.ts';
import { carriedBy, loadRun } from './run.ts';

const capability = z.object({
  fhirVersion: z.string(),
  software: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
});

export const certificateFile = 'certificate.json';

/** Writes what was moved and what was compared into a file that can be checked without either service. */
export async function issueCertificate(
  deps: MigrationDependencies,
  input: ProofInput,
): Promise<void> {
  const { migrationId } = input;
  const { run, orders } = await loadRun(deps.store, migrationId);
  const { plan } = orders;
  const record = await loadProof(deps.store, input);
  const differences = await readDifferences(deps, input);
  const [source, target] = [await describe(deps, 'source'), await describe(deps, 'target')];
  const references = await closureOf(deps, input);
  const madeAt = deps.now().toISOString();
  const repairs = await all(deps.store.repairs.each(migrationId));
  const certificate = buildCertificate({
    madeAt,
    madeBy: 'fhir-dataverse-sync',
    migration: {
      id: migrationId,
      source,
      target,
      pattern: plan.pattern,
      range: { since: plan.from, till: run.frozenAt },
      history: carriedBy({ run, orders }).history,
      deletes: carriedBy({ run, orders }).deletes,
      deidentified: plan.anonymizationConfig !== null,
      types: plan.types.length === 0 ? null : [...plan.types],
      startedAt: run.startedAt,
      endedAt: madeAt,
    },
    comparedAt: record.comparedAt ?? madeAt,
    source: await wholeDigest(deps, input, { of: 'source', record }),
    target: await wholeDigest(deps, input, { of: 'target', record }),
    excepted: await wholeDigest(deps, input, { of: 'excepted', record }),
    ...(differences.count === 0 ? {} : { differences }),
    ...(references === undefined ? {} : { references }),
    ledger: await ledgerOf(deps.store, migrationId),
    quarantine: quarantineAccount(await all(deps.store.quarantine.each(migrationId))),
    repairs: repairAccount(repairs.filter(({ kind }) => kind !== 'hard-deleted')),
    hardDeletes: hardDeleteAccount(repairs.filter(({ kind }) => kind === 'hard-deleted')),
  });
  const text = sealCertificate(
    certificate,
    deps.signingKey === undefined ? undefined : { privateKey: deps.signingKey },
  );
  await deps.blobs.write(proofContainer(migrationId), certificateFile, Buffer.from(text));
}

async function describe({ ends }: MigrationDependencies, side: 'source' | 'target') {
  const { service } = ends[side];
  const { fhirVersion, software } = capability.parse(await service.capability());
  const name = [software?.name, software?.version].filter((part) => part !== undefined).join(' ');
  return { url: service.url, fhirVersion, software: name === '' ? null : name.slice(0, 200) };
}

async function ledgerOf(store: MigrationStore, migrationId: string) {
  const windows = await store.windows.list(migrationId);
  return windows.map((window: WindowRecord) => ({
    since: window.since,
    till: window.till,
    types: Object.entries(window.ledger)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([type, entry]) => ({ type, ...entry })),
  }));
}

function quarantineAccount(found: readonly QuarantinedVersion[]) {
  const account = createAccount();
  for (const { cause, reference, versionId } of found) {
    account.add({
      kind: cause,
      reference: reference.includes('?') ? null : reference,
      versionId,
      movedBy: null,
    });
  }
  return account.finish();
}

function repairAccount(found: readonly RepairRecord[]) {
  const account = createAccount();
  for (const { kind, reference, versionId, movedBy = null } of found) {
    account.add({ kind, reference, versionId, movedBy });
  }
  return account.finish();
}

/** By type, which is what the certificate counts them by. */
function hardDeleteAccount(found: readonly RepairRecord[]) {
  const account = createAccount();
  for (const { reference, versionId } of found) {
    account.add({ kind: reference.split('/')[0] ?? '', reference, versionId, movedBy: null });
  }
  return account.finish();
}

async function all<T>(records: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const record of records) found.push(record);
  return found;
}
