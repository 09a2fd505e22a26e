import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { compiledCode } from '../../local/host/compile-cache.ts';
import { startStorage } from '../../local/storage/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection strings of accounts that nobody has used yet, and the folder where takers claim them. */
    storageAccounts: { readonly claims: string; readonly connectionStrings: readonly string[] };
  }
}

/** More than the test files that ask for one. */
const accountCount = 200;

/**
 * One Azurite for a whole test run: it takes seconds of a processor to start, and some fifty test
 * files need storage. Each takes an account of its own, so that they share nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const accounts = Array.from({ length: accountCount }, (_, index) => `tests${index + 1}`);
  // Tests start many processes of the product.
  Object.assign(process.env, compiledCode);
  const claims = await mkdtemp(join(tmpdir(), 'storage-accounts-'));
  const ports = { blobPort: 0, queuePort: 0, tablePort: 0 };
  const storage = await startStorage({ ...ports, accounts });
  const connectionStrings = accounts.map(storage.connectionStringOf);
  project.provide('storageAccounts', { claims, connectionStrings });
  return async () => {
    await storage.close();
    await rm(claims, { recursive: true, force: true });
  };
}
