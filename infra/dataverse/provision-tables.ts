import { waitForKeys } from './key-states.ts';
import type { Organisation } from './organisation.ts';
import { type Creation, type Plan, planProvision } from './plan.ts';
import type { TableFile } from './table-file.ts';

export interface ProvisionOptions {
  readonly file: TableFile;
  readonly organisation: Organisation;
  /** Only tell what would be made. */
  readonly isDryRun: boolean;
  readonly print: (line: string) => void;
  /** Milliseconds between looks at keys being built; default 2000. */
  readonly pollMs?: number;
  /** Longest wait for keys of one table; default 10 minutes. */
  readonly limitMs?: number;
}

export interface Provisioned {
  readonly created: number;
  /** Problems that are left for a person. */
  readonly differences: number;
}

function named({ kind, table, name }: Creation): string {
  return kind === 'table' ? `table ${name}` : `${kind} ${table}.${name}`;
}

async function makeAll(plan: Plan, options: ProvisionOptions): Promise<void> {
  const { organisation, print } = options;
  for (const creation of plan.creations) {
    await organisation.create(creation);
    print(`created ${named(creation)}`);
  }
  const tables = [...new Set(plan.creations.map(({ table }) => table))];
  if (tables.length > 0) {
    await organisation.publish(tables);
  }
}

/** Keys that cannot be used: the sync would be refused every time it names a row by them. */
async function unusableKeys(options: ProvisionOptions): Promise<readonly string[]> {
  const { organisation, file, pollMs = 2000, limitMs = 600_000 } = options;
  const unusable: string[] = [];
  for (const [table, { keys = [] }] of Object.entries(file)) {
    const names =
      keys.length > 0 ? await waitForKeys(organisation, { table, keys }, { pollMs, limitMs }) : [];
    unusable.push(...names.map((name) => `${table}.${name}`));
  }
  return unusable;
}

/**
 * Makes the tables, columns, lookups and keys of the file that the organisation
 * lacks, and tells what is there and differs. Deletes and changes nothing; run
 * again, it makes only what is still missing.
 *
 * @throws AppError what the Web API refuses; what was made before stays.
 */
export async function provisionTables(options: ProvisionOptions): Promise<Provisioned> {
  const { organisation, file, print, isDryRun } = options;
  const plan = await planProvision(file, organisation.finder());
  if (isDryRun) {
    for (const creation of plan.creations) print(`would create ${named(creation)}`);
  } else {
    await makeAll(plan, options);
  }
  for (const { place, problem } of plan.differences) print(`differs: ${place} ${problem}`);
  const unusable = isDryRun ? [] : await unusableKeys(options);
  for (const key of unusable) print(`differs: the key ${key} is not Active; look for equal rows`);
  const differences = plan.differences.length + unusable.length;
  const verb = isDryRun ? 'to create' : 'created';
  print(`${plan.creations.length} ${verb}, ${differences} to settle by hand`);
  return { created: isDryRun ? 0 : plan.creations.length, differences };
}
