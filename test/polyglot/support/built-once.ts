import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of what this run built. */
    readonly builtFolder: string;
  }
}

const LONGEST_MS = 900_000;

/** A folder that `build` fills, once in a run of the tests: whichever file needs it first builds it, the others wait and read. */
export async function builtOnce(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(inject('builtFolder'), name);
  const outcome = `${folder}.outcome`;
  const isFirst = await mkdir(folder).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    await build(folder).then(
      () => writeFile(outcome, ''),
      (error: Error) => writeFile(outcome, error.message),
    );
  }
  const until = performance.now() + LONGEST_MS;
  for (;;) {
    const failure = await readFile(outcome, 'utf8').catch(() => undefined);
    if (failure === '') return folder;
    if (failure !== undefined) throw new Error(`${name} was not built: ${failure}`);
    if (performance.now() > until) throw new Error(`${name} is not built in time`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
