import { checklistOf } from './checklist.ts';
import { checksOf } from './checks.ts';
import { compareServices } from './compare-services.ts';
import type {
  DescribedService,
  ReadinessFacts,
  ReadinessReport,
  ServiceFacts,
  TypeCount,
} from './contract.ts';
import { trapsOf } from './traps.ts';

/** Bytes of a resource where nothing could be sampled (facts/migration.md §4: Synthea, 2.0 KB each). */
const usualBytes = 2_000;

/** What has to be known before a migration starts, all of it at once. */
export function buildReadiness(facts: ReadinessFacts): ReadinessReport {
  const { source, target } = facts;
  const comparison =
    source.description === undefined || target.description === undefined
      ? null
      : compareServices(source.description, target.description);
  const checks = checksOf(facts, comparison);
  const checklist = checklistOf(facts, comparison);
  const inTheWay = [...checks, ...checklist].filter(({ status }) => status === 'impossible');
  return {
    madeAt: facts.madeAt,
    migrationId: facts.migrationId,
    possible: inTheWay.length === 0,
    reasons: inTheWay.map(({ title, found, action }) =>
      action === null ? `${title}: ${found}` : `${title}: ${found} ${action}`,
    ),
    source: describedService(source),
    target: describedService(target),
    comparison,
    checks,
    checklist,
    traps: trapsOf(facts),
    types: facts.counts.filter(({ resources, versions }) => resources + (versions ?? 0) > 0),
    total: totalOf(facts),
    searchParameters: facts.customSearchParameters.map((url) => ({
      url,
      inTarget: facts.searchParametersInTarget.includes(url),
    })),
    profiles: facts.profiles,
  };
}

const describedService = ({ url, description }: ServiceFacts): DescribedService => ({
  url,
  fhirVersion: description?.fhirVersion ?? null,
  software: description?.software ?? null,
});

function totalOf({ counts, targetResources }: ReadinessFacts): ReadinessReport['total'] {
  const known = counts.every(({ versions }) => versions !== null);
  return {
    resources: sum(counts, ({ resources }) => resources),
    versions: known ? sum(counts, versionsOf) : null,
    bytes: sum(counts, (count) => versionsOf(count) * (count.bytesPerResource ?? usualBytes)),
    inTarget: targetResources,
  };
}

/** What is to be moved of a type: all versions where they are carried. */
export const versionsOf = ({ versions, resources }: TypeCount): number => versions ?? resources;

const sum = (counts: readonly TypeCount[], value: (count: TypeCount) => number): number =>
  counts.reduce((total, count) => total + value(count), 0);
