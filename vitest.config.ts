import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On two cores: many tests wait for a second to pass, and leave a core to others.
    maxWorkers: 3,
    isolate: false,
    setupFiles: ['test/support/bounded-properties.ts'],
    globalSetup: ['test/support/storage-for-all.ts'],
    reporters: ['default', 'json'],
    outputFile: { json: 'node_modules/.cache/vitest-report.json' },
  },
});
