import { cp } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MVN } from './maven-locked.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL = 'org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file';

/** Where `copyJavaPackages` has them. */
export const packagesIn = (folder: string): string => path.join(folder, 'source/clients/java');

/** Copies the Java packages and what they are made of, since the repository is others' to build in, too. */
export async function copyJavaPackages(folder: string): Promise<void> {
  await cp(path.join(ROOT, 'clients/java'), packagesIn(folder), withoutTargets);
  await cp(path.join(ROOT, 'proto'), path.join(folder, 'source/proto'), { recursive: true });
}

/** Beside them, the project that has them as dependencies. */
export async function copyJavaPrograms(folder: string): Promise<void> {
  await cp(path.join(ROOT, 'test/polyglot/java'), folder, withoutTargets);
}

/** Lines for `mavenLocked` in that folder: builds the packages, installs their jars, and compiles the project over them. */
export function buildLines(folder: string, options = ''): readonly string[] {
  const packages = packagesIn(folder);
  return [
    `${MVN} -f ${packages} package ${options}`,
    ...['client', 'spring-ai'].map(
      (name) => `${MVN} ${INSTALL} -Dfile=${packages}/${name}/target/${name}-0.1.0.jar`,
    ),
    `${MVN} compile dependency:copy-dependencies -DoutputDirectory=lib`,
  ];
}

const withoutTargets = { recursive: true, filter: (from: string) => path.basename(from) !== 'target' };
