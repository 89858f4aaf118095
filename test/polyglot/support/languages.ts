import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { buildWheel, installInto, pythonWith } from '../python.js';
import { goModule, MODULE } from './go-module.js';
import { mavenProject } from './maven-project.js';
import { npmProject } from './npm-project.js';

/** How to run the scenarios in one language, once its package is installed from its built file. */
export interface Prepared {
  readonly folder: string;
  /** The scenario's name comes last. */
  readonly command: readonly string[];
  remove(): Promise<void>;
}

/** A row for each language. */
export const LANGUAGES: readonly (readonly [language: string, prepare: () => Promise<Prepared>])[] = [
  [
    'TypeScript',
    async () => {
      const { folder, remove } = await npmProject();
      return { folder, command: [process.execPath, 'scenarios.mjs'], remove };
    },
  ],
  [
    'Python',
    async () => {
      const wheel = await buildWheel();
      const python = await pythonWith('base');
      await installInto(python, wheel);
      const folder = path.dirname(wheel);
      await copyFile(new URL('../python/scenarios.py', import.meta.url), path.join(folder, 'scenarios.py'));
      return { folder, command: [python, 'scenarios.py'], remove: () => rm(folder, { recursive: true }) };
    },
  ],
  [
    'Go',
    async () => {
      const { folder, run, remove } = await goModule();
      await run('go', 'build', '-o', 'scenarios', `${MODULE}/internal/scenarios`);
      return { folder, command: ['./scenarios'], remove };
    },
  ],
  [
    'Java',
    async () => {
      const { folder, java, remove } = await mavenProject({}, 'package -DskipTests -Dmaven.javadoc.skip');
      return { folder, command: [...java, 'Scenarios'], remove };
    },
  ],
];
