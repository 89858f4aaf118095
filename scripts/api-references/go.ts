import { fileURLToPath } from 'node:url';
import { output } from '../polyglot/output.js';

const GENERATOR = fileURLToPath(new URL('go', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../clients/go', import.meta.url));

/** By a generator of our own over Go's `go/doc`, which is what `go doc` prints, too. It fails on what has no comment. */
export async function goReference(folder: string): Promise<void> {
  await output('go', ['run', '.', PACKAGE, folder], { cwd: GENERATOR });
}
