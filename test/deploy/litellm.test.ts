import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = `${ROOT}deploy/litellm/`;
const read = (file: string) => readFileSync(FOLDER + file, 'utf8');

interface Compose {
  readonly services: Readonly<Record<string, { environment: Record<string, string>; volumes: string[] }>>;
}

describe('deploy/litellm', () => {
  const { services } = parse(read('compose.yaml')) as Compose;

  it('has a budget that the service takes, and the proxy spends that', () => {
    const arguments_ = ['--import', 'tsx', `${ROOT}src/main.ts`, '--check-config'];
    const env = { ...process.env, CONFIG_FILE: `${FOLDER}arbiter.yaml` };
    const checked = spawnSync(process.execPath, arguments_, { cwd: ROOT, env, encoding: 'utf8' });
    expect(checked).toMatchObject({ status: 0 });
    expect(checked.stdout).toContain(
      `\n  ${services['litellm']?.environment['BUDGET_ARBITER_BUDGET']} (2 settings`,
    );
  });

  it('names settings that there are', () => {
    const known = Object.values(SETTINGS).map(({ variable }) => variable as string);
    expect(
      Object.keys(services['arbiter']?.environment ?? {}).filter((name) => !known.includes(name)),
    ).toEqual([]);
    const documented = readFileSync(`${ROOT}clients/python/README.md`, 'utf8');
    const named = Object.keys(services['litellm']?.environment ?? {}).filter((name) =>
      name.startsWith('BUDGET_'),
    );
    for (const name of named) {
      expect(documented).toMatch(new RegExp(`${name}|\\b${name.replace('BUDGET_ARBITER', '')}\\b`));
    }
  });

  it('mounts files that there are', () => {
    for (const { volumes } of Object.values(services)) {
      for (const volume of volumes.filter((one) => one.startsWith('./'))) read(volume.split(':')[0] ?? '');
    }
  });

  it('has the callback and the proxy that the tests try', () => {
    const requirements = readFileSync(`${ROOT}clients/python/tests/requirements/litellm.txt`, 'utf8');
    const [proxy = 'none'] = /litellm\[proxy\]==[\d.]+/.exec(requirements) ?? [];
    expect(read('Dockerfile')).toContain(`'${proxy}'`);
    const tried = readFileSync(`${ROOT}clients/python/tests/litellm_proxy/config.yaml`, 'utf8');
    const callbacks = (text: string) => parse(text).litellm_settings.callbacks;
    expect(callbacks(read('config.yaml'))).toBe(callbacks(tried));
  });
});
