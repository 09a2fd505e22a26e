import { expect, it } from 'vitest';
import { endsWell, equal, preparedMigration } from './migration-run.ts';

it('npm run migrate -- --once moves everything, and the certificate says so and is sound', async () => {
  const { run, result } = await preparedMigration();
  const migration = run();
  await endsWell(migration);
  const { certificate, summary } = await result();
  expect(summary).toMatchObject(equal);
  expect(certificate.kind).toBe('sound');
}, 150_000);
