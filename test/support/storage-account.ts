import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

export interface StorageAccount {
  readonly connectionString: string;
}

/** An empty storage account that no other test has, in the Azurite of this test run. */
export function newStorageAccount(): StorageAccount {
  const { claims, connectionStrings } = inject('storageAccounts');
  const connectionString = connectionStrings.find((_, index) => claim(join(claims, `${index}`)));
  if (connectionString === undefined) {
    throw new Error('All accounts are taken: raise accountCount in storage-for-all.ts.');
  }
  return { connectionString };
}

/** Making a folder fails for all but one, over all processes. */
function claim(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
