import { describe, expect, it } from 'vitest';
import { nearest, nearMissWarnings } from '../../../src/config/near-miss.js';
import { SETTING_KEYS, SETTINGS } from '../../../src/config/settings.js';

const KNOWN = SETTING_KEYS.map((key) => SETTINGS[key].variable);

describe('nearMissWarnings', () => {
  it.each([
    ['GRPC_ADRESS', 'GRPC_ADDRESS'],
    ['HTTP_ADDRES', 'HTTP_ADDRESS'],
    ['GRPC_ADDR', 'GRPC_ADDRESS'],
    ['MONGO_URI', 'MONGODB_URI'],
    ['MONGO_URL', 'MONGODB_URI'],
    ['MONGODB_URL', 'MONGODB_URI'],
    ['MONGODB_DB', 'MONGODB_DATABASE'],
    ['DATADIR', 'DATA_DIR'],
    ['data_dir', 'DATA_DIR'],
    ['CONFIG_FLIE', 'CONFIG_FILE'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['ALLOW_INSECUR', 'ALLOW_INSECURE'],
    ['MAX_CLOCKSKEW', 'MAX_CLOCK_SKEW'],
    ['USAGE_RETENTION_MONTH', 'USAGE_RETENTION_MONTHS'],
  ])('%s', (written, meant) => {
    expect(nearMissWarnings([written], KNOWN)).toEqual([
      `${written}: no such setting, so it has no effect; did you mean ${meant}?`,
    ]);
  });

  it('leaves alone what is ours or nobody’s', () => {
    const others = [
      'PATH',
      'HOME',
      'LANG',
      'PWD',
      'HTTP_PROXY',
      'HOSTNAME',
      'NODE_OPTIONS',
      'npm_config_cache',
    ];
    expect(nearMissWarnings([...KNOWN, ...others], KNOWN)).toEqual([]);
  });
});

describe('nearest', () => {
  it.each([
    ['cooldwn', 'cooldown'],
    ['colodown', 'cooldown'],
    ['max-concurrent', 'max_concurrent'],
    ['mdoe', 'mode'],
    ['sinks', undefined],
  ])('%s', (name, expected) => {
    expect(nearest(name, ['cooldown', 'max_concurrent', 'mode', 'pacing'])).toBe(expected);
  });
});
