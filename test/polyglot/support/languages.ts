import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { pythonWithPackage } from '../python.js';
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

export type Language = keyof typeof LANGUAGES;

export const LANGUAGES = {
  async TypeScript(): Promise<Prepared> {
    const { folder, remove } = await npmProject();
    return { folder, command: [process.execPath, 'scenarios.mjs'], remove };
  },
  async Python(): Promise<Prepared> {
    const python = await pythonWithPackage('base');
    const folder = path.dirname(path.dirname(python));
    await copyFile(new URL('../python/scenarios.py', import.meta.url), path.join(folder, 'scenarios.py'));
    const remove = () => rm(folder, { recursive: true });
    return { folder, command: [python, 'scenarios.py'], remove };
  },
  async Go(): Promise<Prepared> {
    const { folder, run, remove } = await goModule();
    await run('go', 'build', '-o', 'scenarios', `${MODULE}/internal/scenarios`);
    return { folder, command: ['./scenarios'], remove };
  },
  async Java(): Promise<Prepared> {
    const { folder, java } = await mavenProject();
    return { folder, command: [...java, 'Scenarios'], remove: async () => {} };
  },
} as const;
