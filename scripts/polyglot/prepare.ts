import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { typedocFolder } from '../api-references/typescript.js';
import { OLDEST_GO } from './go-versions.js';
import { buildLines, copyJavaPackages, copyJavaPrograms } from './java-packages.js';
import { mavenLocked } from './maven-locked.js';
import { output } from './output.js';
import { otherPythons, PYTHON_SETS, pythonWith } from './python-with.js';

/** Fetches what the tests of the packages need and makes the environments they run in, so that these tests test, and do not install. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GO_MODULES = ['clients/go', 'examples/go', 'scripts/polyglot/go-proxy'];
/** What the vendors' SDKs are, without what of ours is called beside them. */
const VENDOR_SDKS = 'github.com/anthropics/anthropic-sdk-go github.com/openai/openai-go/v3/responses';

async function pythons(): Promise<void> {
  for (const name of PYTHON_SETS) await pythonWith(name);
  for (const python of (await otherPythons()).values()) await pythonWith('base', python);
  await output('sh', ['generate.sh'], { cwd: path.join(ROOT, 'clients/python') });
}

async function go(): Promise<void> {
  await output('go', ['version'], { env: { GOTOOLCHAIN: OLDEST_GO } });
  for (const module of GO_MODULES) await output('go', ['mod', 'download'], { cwd: path.join(ROOT, module) });
  await withFolder(async (folder) => {
    const build = `
cp "$1/go.mod" .
go mod edit -droprequire=github.com/budget-arbiter/budget-arbiter/clients/go
GOFLAGS='-mod=mod -trimpath' go build ${VENDOR_SDKS}
`;
    await output('sh', ['-ec', build, 'sh', path.join(ROOT, 'test/polyglot/go')], { cwd: folder });
  });
}

/** Plugins come with the first build. */
async function java(): Promise<void> {
  await withFolder(async (folder) => {
    await copyJavaPackages(folder);
    await copyJavaPrograms(folder);
    await mavenLocked(buildLines(folder, '-DskipTests'), folder);
  });
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'prepare-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await Promise.all([pythons(), go(), java(), typedocFolder()]);
