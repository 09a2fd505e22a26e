import { claimWaiters } from './claim-waiters.ts';
import { clearWithheld } from './clear-withheld.ts';
import { confirmConsent } from './confirm-consent.ts';
import { decideConsent } from './decide-consent.ts';
import type {
  ActivityDependencies,
  HostDependencies,
  MaplessDependencies,
} from './dependencies.ts';
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

export { type PermittedResource, withheldNow } from './decide-consent.ts';
export type { ActivityDependencies, HostDependencies } from './dependencies.ts';
export type { CompartmentPlace } from './find-compartment.ts';
export type { WrittenRow } from './upsert-rows.ts';

/** In the input of every activity that maps: the pack that its orchestration began with. */
export interface PinnedPack {
  readonly packHash: string;
}

/**
 * Every activity, as a plain function of its input. The property name is the
 * registered name. Each has one remote effect on one bounded chunk and may run
 * twice (DESIGN §3 rule 2).
 */
export function createActivities(deps: HostDependencies) {
  const mapping = {
    readChanges,
    decideConsent,
    withdrawRows,
    removeRows,
    upsertRows,
    expandRows,
    writeBackIdentifiers,
    parkChanges,
    reviewPatients,
    withdrawPatient,
    findCompartment,
  };
  const others = { confirmConsent, claimWaiters, recordOutcomes, clearWithheld };
  return { ...bindPinned(mapping, deps), ...bind(others, deps) };
}

export type Activities = ReturnType<typeof createActivities>;

type Unbound<Deps> = (deps: Deps, input: never) => Promise<unknown>;

type Bound<T extends object, More = unknown> = {
  readonly [Name in keyof T]: T[Name] extends (
    deps: ActivityDependencies,
    input: infer Input,
  ) => infer Output
    ? (input: Input & More) => Output
    : never;
};

function bind<T extends Readonly<Record<string, Unbound<MaplessDependencies>>>>(
  activities: T,
  deps: MaplessDependencies,
): Bound<T> {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: never) => activity(deps, input),
  ]);
  return Object.fromEntries(entries);
}

/** Each run works with the pack that its input names, on whichever host it runs. */
function bindPinned<T extends Readonly<Record<string, Unbound<ActivityDependencies>>>>(
  activities: T,
  deps: HostDependencies,
): Bound<T, PinnedPack> {
  const withPack = async ({ packHash }: PinnedPack): Promise<ActivityDependencies> => ({
    ...deps,
    pack: await deps.packs.pinned(packHash),
    places: () => deps.packs.places(),
  });
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    async (input: never) => activity(await withPack(input), input),
  ]);
  return Object.fromEntries(entries);
}
