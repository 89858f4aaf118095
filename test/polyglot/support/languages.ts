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
];
