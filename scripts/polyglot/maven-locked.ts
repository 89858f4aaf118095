import { mkdir } from 'node:fs/promises';
import { CACHE, MAVEN_REPOSITORY } from './cache.js';
import { output } from './output.js';

/** Before the arguments of a call of Maven. */
export const MVN = `mvn -q -B -ntp -Dmaven.repo.local=${MAVEN_REPOSITORY}`;

/** Runs lines of a shell that call Maven, one after the other, while nobody else uses its repository. */
export async function mavenLocked(lines: readonly string[], cwd: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  await output('flock', [`${MAVEN_REPOSITORY}.lock`, 'sh', '-exc', lines.join('\n')], { cwd });
}
