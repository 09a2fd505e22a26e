import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { guaranteesOfARun } from './guarantees-of-a-run.ts';
import { root } from './local-run.ts';

const data = join(root, '..', 'shared', 'data', 'synthea-88');

// Skipped, and listed as skipped, where the Synthea set does not lie beside the repository.
describe.skipIf(!existsSync(data))(
  'npm start -- --from synthea-88 --once (32,427 resources)',
  () => {
    guaranteesOfARun({ feed: ['--from', data], patients: 88 });
  },
);
