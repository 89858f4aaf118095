import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { copyJavaPackages, packagesIn } from '../polyglot/java-packages.js';
import { MVN, mavenLocked } from '../polyglot/maven-locked.js';
import { output } from '../polyglot/output.js';

const CLASS_PATH =
  'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath -Dmdep.outputFile=target/class-path';
/** What others import; of the stubs, whose words are those of the protocol, nothing is asked. */
const PACKAGES = [
  ['client', ['dev.budgetarbiter.client', 'dev.budgetarbiter.client.testing'], ['dev.budgetarbiter.v1']],
  ['spring-ai', ['dev.budgetarbiter.springai'], []],
] as const;

/** By javadoc. */
export async function javaReference(folder: string): Promise<void> {
  const copy = await mkdtemp(path.join(tmpdir(), 'java-reference-'));
  try {
    const source = packagesIn(copy);
    await copyJavaPackages(copy);
    await mavenLocked([`${MVN} compile ${CLASS_PATH}`], source);
    for (const [name, packages, stubs] of PACKAGES) {
      const module = path.join(source, name);
      const sources = ['src/main/java', 'target/generated-sources/protobuf'].map((each) =>
        path.join(module, each),
      );
      const args = [
        ...['-quiet', '-Xdoclint:all', `-Xdoclint/package:${packages.join(',')}`, '-Xmaxwarns', '10000'],
        ...['-d', path.join(folder, name), '-sourcepath', sources.join(':')],
        ...['-classpath', await readFile(path.join(module, 'target/class-path'), 'utf8')],
        ...['-notimestamp', ...packages, ...stubs],
      ];
      // It says its warnings where others say their errors, and ends well.
      const said = await output('sh', ['-c', 'exec javadoc "$@" 2>&1', 'sh', ...args]);
      const faults = said.split('\n').filter(isFault);
      if (faults.length > 0) throw new Error(`javadoc complains:\n${faults.join('\n')}`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** A comment says what its method returns, and takes: javadoc would have each said once more, by a tag. */
function isFault(line: string): boolean {
  return /: (warning|error)/.test(line) && !/warning: no @(param|return|throws)/.test(line);
}
