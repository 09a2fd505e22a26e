import { readFileSync } from 'node:fs';
import { z } from 'zod';

const packageSchema = z.looseObject({ version: z.string() });
const project = new URL('../', import.meta.url);
/** The other programs have an installation of their own. */
const installations = [new URL('./', import.meta.url), project];

/** Installed version of a package, `none` when it is not installed; '.' is the project itself. */
export function packageVersion(name: string): string {
  if (name === '.') return versionIn(new URL('package.json', project)) ?? 'none';
  const found = installations.map((folder) =>
    versionIn(new URL(`node_modules/${name}/package.json`, folder)),
  );
  return found.find((version) => version !== undefined) ?? 'none';
}

function versionIn(file: URL): string | undefined {
  try {
    return packageSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).version;
  } catch {
    return undefined;
  }
}
