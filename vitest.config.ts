import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { NameSkipped } from './scripts/name-skipped.js';

/**
 * Each project is one command of package.json. Only `main` (`npm test`) runs on Node alone. `seconds` end a test that
 * hangs: no test takes as long, also on a slow machine that does other work.
 */
const project = (name: string, include: string[], exclude: string[] = [], seconds = 180) => ({
  extends: true as const,
  test: { name, include, exclude, testTimeout: seconds * 1_000, hookTimeout: 180_000 },
});

const OTHERS = [
  ...[
    'polyglot',
    'docs',
    'container',
    'faults',
    'simulation',
    'fuzz',
    'openapi',
    'metrics',
    'deploy',
    'browser',
    'real-mongo',
    'years',
    'outcome',
  ],
];
/** Suites of the store, of whole runs and of moving, as far as they know MongoDB. */
const ON_MONGO = ['test/store', 'test/end-to-end', 'test/transfer'].flatMap((folder) =>
  readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter(
      (file) =>
        file.endsWith('.test.ts') &&
        /describeMongo|describeOnEveryStore|temporaryDatabase/.test(readFileSync(file, 'utf8')),
    ),
);
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    environment: 'node',
    reporters: ['default', new NameSkipped(), ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
    coverage: { include: ['src/**'], exclude: ['src/gen/**'] },
    projects: [
      project(
        'main',
        ['test/**/*.test.ts', 'clients/typescript/test/**/*.test.ts'],
        OTHERS.map((name) => `test/${name}/**`),
      ),
      {
        ...project('polyglot', ['test/polyglot/**/*.test.ts'], [], 600),
        test: {
          ...project('polyglot', ['test/polyglot/**/*.test.ts'], [], 600).test,
          globalSetup: 'test/polyglot/global-setup.ts',
        },
      },
      project('deploy', ['test/deploy/**/*.test.ts']),
      project('docs', ['test/docs/**/*.test.ts'], [], 300),
      project('faults', ['test/faults/**/*.test.ts']),
      project('simulation', ['test/simulation/**/*.test.ts'], [], 1_200),
      project('months', ['test/years/**/*.test.ts', 'test/outcome/**/*.test.ts'], [], 600),
      project('fuzz', ['test/fuzz/**/*.test.ts'], [], 600),
      project('openapi', ['test/openapi/**/*.test.ts'], [], 600),
      project('metrics', ['test/metrics/**/*.test.ts']),
      project('browser', ['test/browser/**/*.test.ts']),
      {
        ...project('second-mongo', ON_MONGO),
        test: {
          ...project('second-mongo', ON_MONGO).test,
          globalSetup: 'test/second-mongo/global-setup.ts',
        },
      },
      project('real-mongo', ['test/real-mongo/**/*.test.ts']),
      project('container', ['test/container/**/*.test.ts'], [], 600),
    ],
  },
});
