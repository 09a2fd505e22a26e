import { join } from 'node:path';
import { readMigrateOptions } from '../../local/migrate/options.ts';
import { type MigrationSystem, startMigrationSystem } from '../../local/migrate/system.ts';
import { createBlobStore } from '../../shared/bulk/index.ts';
import { BenchError } from '../bench-error.ts';
import { startStandIn } from '../stand-ins/stand-in.ts';
import { bareExport, bareImport } from './bare-jobs.ts';
import { writeInventedFiles } from './invented-service.ts';

export interface MovingSystem {
  readonly folder: string;
  readonly name: string;
  /** Versions that the source is filled with. */
  readonly resources: number;
  /** Waits of both services' jobs: 1 as on Azure. */
  readonly timeScale?: number;
}

/** Runs the work on a system of its own, the source filled. */
export async function inSystem<T>(
  { folder, name, resources, timeScale = 0 }: MovingSystem,
  work: (system: MigrationSystem) => Promise<T>,
): Promise<T> {
  const ports = ['functions', 'source', 'target', 'blob', 'queue', 'table'];
  const data = ['--data', join(folder, name), '--bulk-time-scale', String(timeScale)];
  const system = await startMigrationSystem({
    ...readMigrateOptions([...data, ...ports.flatMap((port) => [`--${port}-port`, '0'])]),
    onUnexpectedEnd: (ended) => {
      throw new BenchError(`${ended} ended`);
    },
    onHostRestarted: () => undefined,
    onWait: () => undefined,
  });
  try {
    const blobs = createBlobStore({ connectionString: system.storage });
    const files = await writeInventedFiles(blobs, 'invented', resources);
    await bareImport(system.sourceUrl, files);
    return await work(system);
  } finally {
    await system.stop();
  }
}

/** The import goes into a service of its own, so that the target is as empty for us as it was for it. */
export async function bareJobs(
  system: MigrationSystem,
  { folder, timeScale = 0 }: Pick<MovingSystem, 'folder' | 'timeScale'>,
) {
  const target = await startStandIn('fhir', [
    ...['--storage', system.storage, '--bulk-time-scale', String(timeScale)],
    ...['--data', join(folder, 'bare-target')],
  ]);
  try {
    const exported = await bareExport(system.sourceUrl, 'bare-export');
    const imported = await bareImport(target.url, exported.result);
    return { exporting: exported.seconds, importing: imported.seconds };
  } finally {
    await target.stop();
  }
}
