import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from '../polyglot/cache.js';
import { output } from '../polyglot/output.js';

const MANIFEST = fileURLToPath(new URL('typedoc/package.json', import.meta.url));
const CLIENTS = fileURLToPath(new URL('../../clients', import.meta.url));
const STRICT = [
  '--validation.notDocumented',
  '--treatWarningsAsErrors',
  '--treatValidationWarningsAsErrors',
  ...['--excludeInternal', '--excludePrivate', '--githubPages', 'false', '--disableGit'],
];
const PACKAGES = [
  // Messages are typed as the protocol has them.
  [
    'client',
    'typescript',
    ['src/index.ts', 'src/langchain.ts', 'src/testing.ts'],
    ['Denial', 'Lease', 'Usage'],
  ],
  ['ai-sdk', 'ai-sdk', ['src/index.ts'], []],
] as const;

/** By typedoc, which does not know the TypeScript of this project yet: in a folder of its own, with the one that it knows. */
export async function typescriptReference(folder: string): Promise<void> {
  const typedoc = await typedocFolder();
  for (const [name, source, entries, messages] of PACKAGES) {
    const points = entries.flatMap((entry) => ['--entryPoints', entry]);
    const out = ['--out', path.join(folder, name), '--readme', 'README.md', '--tsconfig', 'tsconfig.json'];
    const args = [...points, ...out, '--sourceLinkTemplate', '{path}', ...STRICT];
    const unexported = messages.flatMap((each) => ['--intentionallyNotExported', each]);
    await output(path.join(typedoc, 'node_modules/.bin/typedoc'), [...args, ...unexported], {
      cwd: path.join(CLIENTS, source),
    });
  }
}

/** Made once for what its manifest says. */
export async function typedocFolder(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(MANIFEST)).digest('hex');
  const folder = path.join(CACHE, `typedoc-${digest.slice(0, 12)}`);
  await mkdir(CACHE, { recursive: true });
  const make = `[ -f "$1/whole" ] || { rm -rf "$1"; mkdir "$1"; cp "$2" "$1"; cd "$1"; npm install --no-audit --no-fund --loglevel=error; touch whole; }`;
  await output('flock', [`${folder}.lock`, 'sh', '-ec', make, 'sh', folder, MANIFEST]);
  return folder;
}
