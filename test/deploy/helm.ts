import { spawnSync } from 'node:child_process';
import { describe, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { HELM, rendered } from '../../scripts/render-kubernetes/helm.js';

const HOW = 'put helm on the path, or set HELM (.ci/run says which version)';
export const hasHelm = spawnSync(HELM, ['version']).status === 0;

/** A suite that needs Helm: without it it is skipped by name; where CI is set, it fails, lest nobody notice. */
export function describeHelm(name: string, suite: () => void): void {
  if (hasHelm) {
    describe(name, suite);
    return;
  }
  describe.skipIf(!process.env['CI'])(`${name}: ${HOW}`, () => {
    it('has Helm to run on', () => {
      throw new Error(`${name} cannot run: ${HOW}`);
    });
  });
}

/** As far as the tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest has a form for each kind, which kubernetes-validate checks.
export type Manifest = any;

/** What the chart renders with these arguments: manifests by kind. */
export function manifestsOf(...args: readonly string[]): ReadonlyMap<string, Manifest> {
  const documents = [...rendered(...args).values()].flatMap((text) => parseAllDocuments(text));
  return new Map(documents.map((document) => document.toJS()).map((manifest) => [manifest.kind, manifest]));
}

export const set = (...values: readonly string[]): string[] => values.flatMap((value) => ['--set', value]);
