import { claimWaiters } from './claim-waiters.ts';
import { clearWithheld } from './clear-withheld.ts';
import { confirmConsent } from './confirm-consent.ts';
import { decideConsent } from './decide-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { expandRows } from './expand-rows.ts';
import { findCompartment } from './find-compartment.ts';
import { parkChanges } from './park-changes.ts';
import { readChanges } from './read-changes.ts';
import { recordOutcomes } from './record-outcomes.ts';
import { removeRows } from './remove-rows.ts';
import { reviewPatients } from './review-patients.ts';
import { upsertRows } from './upsert-rows.ts';
import { withdrawPatient } from './withdraw-patient.ts';
import { withdrawRows } from './withdraw-rows.ts';
import { writeBackIdentifiers } from './write-back-identifiers.ts';

export type { PermittedResource } from './decide-consent.ts';
export type { ActivityDependencies } from './dependencies.ts';
export type { WrittenRow } from './upsert-rows.ts';

/**
 * Every activity, as a plain function of its input. The property name is the
 * registered name. Each has one remote effect on one bounded chunk and may run
 * twice (DESIGN §3 rule 2).
 */
export function createActivities(deps: ActivityDependencies) {
  const activities = {
    readChanges,
    decideConsent,
    withdrawRows,
    removeRows,
    upsertRows,
    expandRows,
    writeBackIdentifiers,
    confirmConsent,
    parkChanges,
    claimWaiters,
    recordOutcomes,
    reviewPatients,
    withdrawPatient,
    findCompartment,
    clearWithheld,
  };
  return bind(activities, deps);
}

export type Activities = ReturnType<typeof createActivities>;

type Unbound = (deps: ActivityDependencies, input: never) => Promise<unknown>;

type Bound<T extends Readonly<Record<string, Unbound>>> = {
  readonly [Name in keyof T]: T[Name] extends (
    deps: ActivityDependencies,
    input: infer Input,
  ) => infer Output
    ? (input: Input) => Output
    : never;
};

function bind<T extends Readonly<Record<string, Unbound>>>(
  activities: T,
  deps: ActivityDependencies,
): Bound<T> {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: never) => activity(deps, input),
  ]);
  return Object.fromEntries(entries);
}
