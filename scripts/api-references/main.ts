import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { npmCommand, optionsOf, typed } from '../npm-command.js';
import { goReference } from './go.js';
import { javaReference } from './java.js';
import { pythonReference } from './python.js';
import { typescriptReference } from './typescript.js';

/** Into `docs/api`, which is not committed, or the folder that is named. */
const LANGUAGES = {
  python: pythonReference,
  typescript: typescriptReference,
  go: goReference,
  java: javaReference,
} as const;
const BY_DEFAULT = fileURLToPath(new URL('../../docs/api', import.meta.url));
const PAGES = [
  ['Python', 'python/index.html'],
  ['TypeScript', 'typescript/client/index.html'],
  ['Vercel AI SDK', 'typescript/ai-sdk/index.html'],
  ['Go', 'go/index.html'],
  ['Java', 'java/client/index.html'],
  ['Spring AI', 'java/spring-ai/index.html'],
] as const;

const command = npmCommand('docs:api', 'Writes the API references of all packages, from their docstrings.')
  .argument('[folder]', 'where they go, in place of docs/api')
  .usage('[folder]');
optionsOf(command, typed());
const folder = path.resolve(command.args[0] ?? BY_DEFAULT);
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
const written = await Promise.allSettled(
  Object.entries(LANGUAGES).map(([name, write]) => write(path.join(folder, name))),
);
const faults = written.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
if (faults.length > 0) {
  console.error(faults.join('\n\n'));
  process.exit(1);
}
const links = PAGES.map(([name, page]) => `<li><a href="${page}">${name}</a>`).join('\n');
await writeFile(
  path.join(folder, 'index.html'),
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>API references</title>\n<h1>API references</h1>\n<ul>\n${links}\n</ul></html>\n`,
);
console.log(`${folder}/index.html`);
