import { describe } from 'vitest';
import { guaranteesOfARun } from './guarantees-of-a-run.ts';

describe('npm start -- --patients 8 --once', () => {
  guaranteesOfARun({ feed: ['--patients', '8'], patients: 8 });
});
