import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = path.join(ROOT, 'test/polyglot/java');
export const PACKAGES = path.join(ROOT, 'clients/java');
const CACHE = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
/** Kept from run to run, as what else tests fetch; nothing else of this machine is in it. */
const REPOSITORY = path.join(CACHE, 'budget-arbiter-ci/maven');
const INSTALL = 'org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file';
const CLASS_PATH = 'dependency:build-classpath';
const run = promisify(execFile);

/** Runs Maven. Rejects with all that it said if it fails. */
export async function maven(folder: string, ...args: readonly string[]): Promise<void> {
  const quiet = ['-q', '-B', '-ntp', `-Dmaven.repo.local=${REPOSITORY}`];
  try {
    await run('mvn', [...quiet, ...args], { cwd: folder, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`mvn ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** A folder outside of this repository with programs over the packages as they were built. */
export interface MavenProject {
  readonly folder: string;
  /** Before the name of a class. */
  readonly java: readonly string[];
  /** Runs a class. Returns what it printed. */
  run(program: string, env: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Programs of the README by the name of their class, beside those of `test/polyglot/java`. */
export async function mavenProject(
  programs: Readonly<Record<string, string>> = {},
  ...build: string[]
): Promise<MavenProject> {
  await rm(path.join(REPOSITORY, 'dev/budgetarbiter'), { recursive: true, force: true });
  await maven(PACKAGES, 'package', ...build);
  for (const name of ['client', 'spring-ai']) {
    await maven(PACKAGES, INSTALL, `-Dfile=${name}/target/${name}-0.1.0.jar`);
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'client-project-'));
  await cp(SOURCES, folder, { recursive: true, filter: (from) => path.basename(from) !== 'target' });
  for (const [name, source] of Object.entries(programs)) {
    await writeFile(path.join(folder, `src/main/java/${name}.java`), source);
  }
  const list = path.join(folder, 'class-path');
  await maven(folder, 'compile', CLASS_PATH, `-Dmdep.outputFile=${list}`);
  const classPath = `target/classes:${(await readFile(list, 'utf8')).trim()}`;
  // Programs of a second or two: they need no optimiser.
  const java = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', classPath];
  return {
    folder,
    java: ['java', ...java],
    run: async (program, env) => {
      const own = { ...process.env, ...env };
      return (
        await run('java', [...java, ...program.split(' ')], { cwd: folder, env: own, timeout: 120_000 })
      ).stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
