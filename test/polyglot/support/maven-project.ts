import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  buildLines,
  copyJavaPackages,
  copyJavaPrograms,
  packagesIn,
} from '../../../scripts/polyglot/java-packages.js';
import { mavenLocked } from '../../../scripts/polyglot/maven-locked.js';
import { builtOnce } from './built-once.js';
import { readmePrograms } from './java-readme.js';

/** Programs of a second or two: they need no optimiser. */
const JAVA = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', 'target/classes:lib/*'];
const run = promisify(execFile);

/** A folder outside of this repository with programs over the packages as they were built. */
export interface MavenProject {
  readonly folder: string;
  /** Where the packages were built: a copy, since this repository is others' to build in, too. */
  readonly packages: string;
  /** Before the name of a class. */
  readonly java: readonly string[];
  /** The files in a jar. */
  list(jar: string): Promise<readonly string[]>;
  /** Runs a class. Returns what it printed. */
  run(program: string, env: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * The packages as built, their jars installed, and the programs of `test/polyglot/java` and of the README compiled over them: once for all
 * files of a run.
 */
export async function mavenProject(): Promise<MavenProject> {
  const folder = await builtOnce('java', async (folder) => {
    await copyJavaPackages(folder);
    await copyJavaPrograms(folder);
    for (const [name, source] of Object.entries(readmePrograms())) {
      await writeFile(path.join(folder, `src/main/java/${name}.java`), source);
    }
    await mavenLocked(buildLines(folder), folder);
  });
  return {
    ...{ folder, packages: packagesIn(folder), java: JAVA },
    list: async (jar) => (await run('jar', ['tf', jar])).stdout.split('\n'),
    run: async (program, env) => {
      const [file = '', ...args] = [...JAVA, ...program.split(' ')];
      return (await run(file, args, { cwd: folder, env: { ...process.env, ...env }, timeout: 120_000 }))
        .stdout;
    },
  };
}
