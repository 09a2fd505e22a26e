import { fileURLToPath } from 'node:url';
import { createDataverseClient } from '../../shared/dataverse/index.ts';
import { createFhirClient, type FhirResource } from '../../shared/fhir/index.ts';
import { createHttp } from '../../shared/http/index.ts';
import { compilePack, loadMapFiles, type MapPack, packRoots } from '../../shared/mapping/index.ts';
import {
  createRowDirectory,
  planChildRows,
  type RowReader,
  resolveLookups,
  writeRows,
} from '../../shared/rows/index.ts';

/** The product token under which the stand-ins count the script's calls. */
export const scriptName = 'bench-script';

interface Reference {
  readonly resourceType: string;
  readonly id: string;
}

export interface ScriptRun {
  readonly written: number;
  readonly unwritten: number;
}

/**
 * What anyone would write first: for each resource, one after the other, read
 * it, map it, write its row and child rows. With the product's own clients and
 * maps, but with nothing that makes it safe: no orchestration, no consent, no
 * identifier sent back, no record of what became of a change.
 */
export async function runScript(options: {
  readonly fhirUrl: string;
  readonly dataverseUrl: string;
  readonly pack: string;
  readonly references: readonly Reference[];
}): Promise<ScriptRun> {
  const allowedOrigins = [new URL(options.fhirUrl).origin, new URL(options.dataverseUrl).origin];
  const send = createHttp({ allowedOrigins, userAgent: `${scriptName}/1` });
  const fhir = createFhirClient({ url: options.fhirUrl, send });
  const pack = await loadPack(options.pack, options.fhirUrl);
  const dataverse = createDataverseClient({ url: options.dataverseUrl, send });
  const reader: RowReader = { dataverse, pack, directory: createRowDirectory() };
  let written = 0;
  let unwritten = 0;
  for (const reference of options.references) {
    if (!pack.roots.has(reference.resourceType)) continue;
    const [read] = await fhir.readCurrent([reference]);
    const done = read?.kind === 'current' && (await writeOne(reader, reference, read));
    if (done) written += 1;
    else unwritten += 1;
  }
  return { written, unwritten };
}

async function loadPack(name: string, fhirBaseUrl: string): Promise<MapPack> {
  const files = await loadMapFiles(fileURLToPath(new URL('../../maps', import.meta.url)));
  return compilePack(files, { enabled: packRoots(files, name) ?? [], fhirBaseUrl });
}

interface Version {
  readonly resource: FhirResource;
  readonly versionId: string;
  readonly lastUpdated: string;
}

async function writeOne(
  reader: RowReader,
  { resourceType, id }: Reference,
  { resource, versionId, lastUpdated }: Version,
): Promise<boolean> {
  const root = reader.pack.roots.get(resourceType);
  if (root === undefined) return false;
  const { values } = root.map(resource);
  const draft = { reference: `${resourceType}/${id}`, id, versionId, lastUpdated, root, values };
  const [result] = await writeRows(reader, [draft], async () => new Map());
  if (result?.kind !== 'written') return false;
  for (const expansion of root.expansions) {
    const mapped = expansion.expand(resource);
    if (mapped.length === 0) continue;
    const desired = (await resolveLookups(reader, mapped)).map((resolved) => resolved.row);
    const plan = planChildRows(expansion, { rowId: result.rowId, desired, stored: [] });
    await reader.dataverse.execute(plan.operations);
  }
  return true;
}
