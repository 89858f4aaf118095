import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rendered } from './helm.js';

/** The manifests for those who have no Helm: what the chart renders, and no second copy. */
const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
/** What is off by default has a folder of its own: `kubectl apply -f` on the first one does not go into it. */
const OPTIONAL = 'optional';
const ALL_ON = ['autoscaling', 'podMonitor', 'backup', 'restore'].flatMap((part) => [
  '--set',
  `${part}.enabled=true`,
]);
const HEADER =
  '# Rendered by `npm run render:kubernetes` from the chart in deploy/helm/budget-arbiter: change it there.\n';

/** Paths below deploy/kubernetes, and what stands there. */
export type Manifests = ReadonlyMap<string, string>;

export function manifestsOfChart(): Manifests {
  const usual = rendered();
  const optional = [...rendered(...ALL_ON)].filter(([name]) => !usual.has(name));
  return new Map([
    ...[...usual].map(([name, text]) => [name, HEADER + text] as const),
    ...optional.map(([name, text]) => [`${OPTIONAL}/${name}`, HEADER + text] as const),
  ]);
}

export function manifestsOnDisk(): Manifests {
  const folders = ['', OPTIONAL].filter((folder) => existsSync(join(FOLDER, folder)));
  const names = folders.flatMap((folder) =>
    readdirSync(join(FOLDER, folder))
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  );
  return new Map(names.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
}

/** The files that are missing, differ, or are too many. */
export function differences(wanted: Manifests, found: Manifests): readonly string[] {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].filter((name) => wanted.get(name) !== found.get(name)).sort();
}

export function writeManifests(wanted: Manifests, found: Manifests): void {
  for (const name of found.keys()) if (!wanted.has(name)) rmSync(join(FOLDER, name));
  mkdirSync(join(FOLDER, OPTIONAL), { recursive: true });
  for (const [name, text] of wanted) writeFileSync(join(FOLDER, name), text);
}
