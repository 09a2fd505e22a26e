import { AppError } from '../../shared/errors.ts';
import type { Side } from '../../shared/migration/index.ts';
import {
  describeService,
  exportDialectOf,
  type ServiceDescription,
  type ServiceFacts,
} from '../../shared/readiness/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/**
 * What a service says of itself and how it answers. Kick-offs are tried without the header
 * `Prefer`, which Azure refuses with 400 before it starts anything; a server by the IG might start a
 * job even so, and is not tried.
 * @throws AppError, retryable, that names the side when it cannot be reached now
 */
export function serviceFacts(deps: MigrationDependencies, side: Side): Promise<ServiceFacts> {
  return naming(side, async () => {
    const { service } = deps.ends[side];
    const serverTime = await service.serverTime();
    const clockAheadSeconds = (Date.parse(serverTime) - deps.now().getTime()) / 1000;
    const description = describeService(await service.capability());
    const isAzure = description !== undefined && exportDialectOf(description) === 'ahds';
    return {
      url: service.url,
      description,
      clockAheadSeconds,
      smartStatus: await service.probe({ method: 'GET', path: '.well-known/smart-configuration' }),
      exportStatus: isAzure ? await service.probe({ method: 'GET', path: '$export' }) : null,
      importStatus: canImport(description)
        ? await service.probe({ method: 'POST', path: '$import', body: emptyParameters })
        : null,
    };
  });
}

const emptyParameters = JSON.stringify({ resourceType: 'Parameters' });

export const canImport = (description: ServiceDescription | undefined): boolean =>
  description?.operations.includes('import') ?? false;

/** Which of the two services is meant is said nowhere else. */
export async function naming<T>(side: Side, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const text = error.message.replace(`${error.code}: `, '');
    throw new AppError(error.code, `the ${side}: ${text}`, {
      details: error.details,
      cause: error,
      ...(error.retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: error.retryAfterSeconds }),
    });
  }
}
