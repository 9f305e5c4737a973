import { defineConfig } from 'vitest/config';

/** One PostgreSQL for the whole run, one database per test file. The browser and the soak tests are run by name. */
export default defineConfig({
  test: {
    // Most tests wait for PostgreSQL or for processes of their own: two cores carry two files at once.
    maxWorkers: 2,
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      project('main', ['test/**/*.test.ts'], ['test/browser/**', 'test/soak/**']),
      project('browser', ['test/browser/**/*.test.ts']),
      project('soak', ['test/soak/**/*.test.ts']),
    ],
  },
});

function project(name: string, include: string[], exclude: string[] = []) {
  return {
    // Packages are resolved as Node resolves them: with Vite's condition `development`, graphql would come twice.
    ssr: { resolve: { conditions: ['module-sync', 'node'] } },
    test: {
      name,
      include,
      exclude,
      globalSetup: ['./test/support/global-setup.ts'],
      // On a machine where other work goes on, too, what takes a second may take many.
      testTimeout: name === 'soak' ? 600_000 : 120_000,
      hookTimeout: 180_000,
      // What is waited for comes by timers, queues and other processes: left alone, a poll gives up after a second.
      expect: { poll: { timeout: 30_000 } },
      // Files share what they import: with a process for each, a third of the time went into reading the same code.
      isolate: false,
      passWithNoTests: false,
    },
  };
}
