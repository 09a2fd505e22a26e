import { randomBytes } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { type AnonymizationFacts, readAnonymization } from '../../shared/readiness/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** Tries out what a migration does with storage; undefined when all of it works. */
export async function storageProblem({
  blobs,
}: MigrationDependencies): Promise<string | undefined> {
  const container = `fds-readiness-${randomBytes(6).toString('hex')}`;
  try {
    await blobs.ensureContainer(container);
    const { url } = await blobs.write(container, 'probe.txt', Buffer.from('probe'));
    let read = 0;
    for await (const part of blobs.read(url)) read += part.length;
    await blobs.remove(url);
    await blobs.removeContainer(container);
    return read === 'probe'.length ? undefined : 'a probe was read back otherwise than written';
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Where Azure looks for configurations of de-identification. */
const anonymizationContainer = 'anonymization';

/** A configuration is larger than this only by mistake; Azure refuses more. */
const mostBytes = 1_048_576;

export async function anonymizationFacts(
  { blobs }: MigrationDependencies,
  name: string | null,
): Promise<AnonymizationFacts | null> {
  if (name === null) return null;
  const nothing = { name, changing: [], touchesMeta: false };
  const url = blobs.urlOf(anonymizationContainer, name);
  const found = await blobs.find(url);
  if (found === undefined) return { ...nothing, state: 'absent' };
  if (found.bytes > mostBytes) return { ...nothing, state: 'unreadable' };
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return readAnonymization(name, Buffer.concat(parts).toString('utf8'));
}
