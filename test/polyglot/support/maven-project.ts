import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'budget-arbiter-ci');
/** What Maven fetched, kept from run to run. Maven does not lock it, and other tests use it at the same time. */
const REPOSITORY = path.join(CACHE, 'maven');
const INSTALL = 'org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file';
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
  /** Runs a class. Returns what it printed. */
  run(program: string, env: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

/** Builds the packages, installs their jars, and compiles `test/polyglot/java` with these programs, by class, over them. */
export async function mavenProject(
  programs: Readonly<Record<string, string>> = {},
  build = 'package',
): Promise<MavenProject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-project-'));
  const packages = path.join(folder, 'source/clients/java');
  const withoutTargets = { recursive: true, filter: (from: string) => path.basename(from) !== 'target' };
  await cp(path.join(ROOT, 'clients/java'), packages, withoutTargets);
  await cp(path.join(ROOT, 'proto'), path.join(folder, 'source/proto'), { recursive: true });
  await cp(path.join(ROOT, 'test/polyglot/java'), folder, withoutTargets);
  for (const [name, source] of Object.entries(programs)) {
    await writeFile(path.join(folder, `src/main/java/${name}.java`), source);
  }
  await mkdir(CACHE, { recursive: true });
  const maven = `mvn -q -B -ntp -Dmaven.repo.local=${REPOSITORY}`;
  const script = [
    `rm -rf ${REPOSITORY}/dev/budgetarbiter`,
    `${maven} -f ${packages} ${build}`,
    ...['client', 'spring-ai'].map(
      (name) => `${maven} ${INSTALL} -Dfile=${packages}/${name}/target/${name}-0.1.0.jar`,
    ),
    `${maven} compile dependency:copy-dependencies -DoutputDirectory=lib`,
  ].join('\n');
  try {
    await run('flock', [`${REPOSITORY}.lock`, 'sh', '-exc', script], { cwd: folder, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${stdout}\n${stderr}`, { cause: error });
  }
  return {
    ...{ folder, packages, java: JAVA },
    run: async (program, env) => {
      const [file = '', ...args] = [...JAVA, ...program.split(' ')];
      return (await run(file, args, { cwd: folder, env: { ...process.env, ...env }, timeout: 120_000 }))
        .stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
