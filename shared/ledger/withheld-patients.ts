import { keyPart, type StateTable } from './state-table.ts';

export interface WithheldPatients {
  /** Marks patients of whom something was held back, `Patient/id`. */
  mark(patients: readonly string[]): Promise<void>;
  isMarked(patient: string): Promise<boolean>;
  clear(patient: string): Promise<void>;
}

/** Knows whose data was held back, so that a later permit brings it after. */
export function createWithheldPatients(table: StateTable): WithheldPatients {
  const keyOf = (patient: string) => ({ partition: keyPart(patient), row: 'withheld' });
  return {
    mark: async (patients) => {
      await Promise.all(patients.map((patient) => table.put(keyOf(patient), { patient })));
    },
    isMarked: async (patient) => (await table.get(keyOf(patient))) !== undefined,
    clear: (patient) => table.remove(keyOf(patient)),
  };
}
