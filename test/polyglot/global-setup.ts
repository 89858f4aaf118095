import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';

/** The packages are built and installed once for all files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'polyglot-'));
  project.provide('builtFolder', folder);
  return () => rm(folder, { recursive: true, force: true });
}
