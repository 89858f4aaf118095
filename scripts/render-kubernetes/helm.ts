import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../npm-command.js';

/** The program; HELM says where it is, if it is not on the path. */
export const HELM = process.env['HELM'] || 'helm';
export const CHART = fileURLToPath(new URL('../../deploy/helm/budget-arbiter', import.meta.url));

/** A Helm that was built from its module thinks of Kubernetes 1.20: it must be told of one that the chart is for. */
export const TEMPLATE = ['template', '--kube-version', '1.29.0'] as const;

/** What `helm template` makes of the chart, by the name of the template, as `deployment.yaml`. */
export function rendered(...args: readonly string[]): ReadonlyMap<string, string> {
  const { stdout, stderr, status, error } = spawnSync(HELM, [...TEMPLATE, 'budget-arbiter', CHART, ...args], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw new UsageError(`${HELM} cannot be run: put helm on the path, or set HELM`);
  if (status !== 0) throw new Error(stderr);
  const files = new Map<string, string>();
  for (const document of stdout.split(/^---\n/m)) {
    const [, name, body] = /^# Source: budget-arbiter\/templates\/(\S+)\n([\s\S]*)$/.exec(document) ?? [];
    if (name === undefined || body === undefined) continue;
    const before = files.get(name);
    files.set(name, `${before === undefined ? '' : `${before}---\n`}${body.trim()}\n`);
  }
  return files;
}
