import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Access } from '../../../src/access/access.js';
import { tokenDigest } from '../../../src/access/bearer-tokens.js';
import { ConfigurationWatch } from '../../../src/app/configuration-watch.js';
import { loadConfig } from '../../../src/config/config.js';
import { PROCESS_TIME } from '../../../src/platform/clock.js';
import { collectedLog } from '../../support/collected-log.js';
import { Looking } from '../../support/looking.js';

const tokens = (...names: string[]) =>
  `  tokens:${names
    .map(
      (name) =>
        `\n    - {name: ${name}, sha256: ${tokenDigest(name)}, roles: [{role: viewer, budgets: '*'}]}`,
    )
    .join('')}\n`;
const credentials = (...names: string[]) => `credentials:\n${tokens(...names)}`;

let folder: string;
let file: string;
let scheduler: Looking;
let log: ReturnType<typeof collectedLog>;
let watch: ConfigurationWatch;
let access: Access | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'configuration-'));
  file = join(folder, 'config.yaml');
  scheduler = new Looking();
  log = collectedLog();
});
afterEach(() => {
  watch.stop();
  rmSync(folder, { recursive: true });
});

async function start(text?: string): Promise<void> {
  if (text !== undefined) writeFileSync(file, text);
  const environment = { CONFIG_FILE: file };
  const { config } = loadConfig(environment);
  const { credentials: settings } = config;
  access = settings && new Access({ settings, time: PROCESS_TIME, scheduler, log });
  watch = new ConfigurationWatch({ config, environment, access, scheduler, wall: () => 5_000, log });
  watch.start();
  await settled();
}

/** A look that finds a change looks again after a moment; one that finds none is over at once. */
async function settled(): Promise<void> {
  for (let look = 0; look < 4; look += 1) await scheduler.look();
}

async function isKnown(token: string): Promise<boolean> {
  const presented = {
    authorization: [`Bearer ${token}`],
    certificate: () => undefined,
    peer: () => `10.0.0.${token}`,
  };
  return Promise.resolve(access?.authenticate(presented)).then(
    () => true,
    () => false,
  );
}

const messages = () => log.entries.map(({ level, message }) => `${level}: ${message}`);
const OTHERS = 'info: other credentials are in force; what withdrawn ones opened has ended';
const NOT_USED = 'error: CONFIG_FILE is not used as it stands now: what is in force stays';

describe('a CONFIG_FILE that changes', () => {
  it('has its credentials taken over, and says whose', async () => {
    await start(credentials('a', 'b'));
    expect(log.entries).toEqual([]);
    writeFileSync(file, credentials('b', 'c'));
    await settled();
    expect([await isKnown('a'), await isKnown('b'), await isKnown('c')]).toEqual([false, true, true]);
    expect(log.entries).toMatchObject([
      { fields: { added: ['c (token)'], removed: ['a (token)'], changed: [] }, message: OTHERS.slice(6) },
    ]);
  });

  it('is not believed while it is being written', async () => {
    await start(credentials('a', 'b'));
    writeFileSync(file, credentials('a'));
    await scheduler.look();
    writeFileSync(file, credentials('a', 'b', 'c'));
    await settled();
    expect([await isKnown('b'), await isKnown('c')]).toEqual([true, true]);
    expect(log.entries).toMatchObject([{ fields: { added: ['c (token)'], removed: [] } }]);
  });

  it('may be renamed to, as editors do', async () => {
    await start(credentials('a'));
    writeFileSync(`${file}.new`, credentials('b'));
    renameSync(`${file}.new`, file);
    await settled();
    expect([await isKnown('a'), await isKnown('b')]).toEqual([false, true]);
  });

  it('may stand behind links that are swapped, as Kubernetes does', async () => {
    const revision = (name: string, text: string) => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'config.yaml'), text);
      symlinkSync(name, join(folder, '..data.new'));
      renameSync(join(folder, '..data.new'), join(folder, '..data'));
    };
    revision('..1', credentials('a'));
    symlinkSync('..data/config.yaml', file);
    await start();
    revision('..2', credentials('b'));
    rmSync(join(folder, '..1'), { recursive: true });
    await settled();
    expect([await isKnown('a'), await isKnown('b')]).toEqual([false, true]);
  });

  it('may name a file of its own for tokens, which is looked at, too', async () => {
    const other = join(folder, 'tokens.yaml');
    writeFileSync(other, `tokens:\n${tokens('b').replace('  tokens:\n', '')}`);
    await start(credentials('a'));
    writeFileSync(file, `${credentials('a')}  tokens_file: tokens.yaml\n`);
    await settled();
    expect(await isKnown('b')).toBe(true);
    writeFileSync(other, `tokens:\n${tokens('c').replace('  tokens:\n', '')}`);
    await settled();
    expect([await isKnown('a'), await isKnown('b'), await isKnown('c')]).toEqual([true, false, true]);
  });
});

describe('a CONFIG_FILE that is wrong', () => {
  it.each([
    ['no YAML', 'credentials: ['],
    ['wrong in another part', `${credentials('b')}budgets: {x: {monthly_limit: -1}}`],
    ['empty', ''],
    ['without credentials', 'budgets: {x: {}}'],
    ['with a credential twice', credentials('b', 'b')],
    ['with a file for tokens that is not there', `${credentials('b')}  tokens_file: missing.yaml`],
  ])('%s: changes nothing, and is told once', async (_what, text) => {
    await start(credentials('a'));
    writeFileSync(file, text);
    await settled();
    await settled();
    expect([await isKnown('a'), await isKnown('b')]).toEqual([true, false]);
    expect(messages()).toEqual([NOT_USED]);
    expect(watch.read.successful).toBe(false);
    writeFileSync(file, credentials('a', 'b'));
    await settled();
    expect(await isKnown('b')).toBe(true);
    expect(messages()).toEqual([NOT_USED, 'info: CONFIG_FILE is right again', OTHERS]);
    expect(watch.read).toEqual({ successful: true, succeededAt: 5_000 });
  });

  it('is told again when it is wrong in another way', async () => {
    await start(credentials('a'));
    for (const text of ['credentials: [', 'budgets: [', 'budgets: [']) {
      writeFileSync(file, text);
      await settled();
    }
    expect(messages()).toEqual([NOT_USED, NOT_USED]);
    expect(JSON.stringify(log.entries)).toContain('config.yaml:1');
  });

  it('is right again when it is put back, letter by letter', async () => {
    await start(credentials('a'));
    writeFileSync(file, 'credentials: [');
    await settled();
    writeFileSync(file, credentials('a'));
    await settled();
    expect(messages()).toEqual([NOT_USED, 'info: CONFIG_FILE is right again']);
    expect(watch.read.successful).toBe(true);
  });

  it('is told with its first 20 problems', async () => {
    await start(credentials('a'));
    writeFileSync(file, credentials('a', ...Array<string>(30).fill('a')));
    await settled();
    const problems = log.entries[0]?.fields['problems'] as string[];
    expect(problems).toHaveLength(21);
    expect(problems.at(-2)).toMatch(/tokens\[20\]\.sha256: stands here twice$/);
    expect(problems.at(-1)).toBe('and 10 more');
  });

  it('is right again when what it names is there, without a change of its own', async () => {
    await start(credentials('a'));
    writeFileSync(file, `${credentials('a')}  tokens_file: later.yaml`);
    await settled();
    writeFileSync(join(folder, 'later.yaml'), `tokens:\n${tokens('b').replace('  tokens:\n', '')}`);
    await settled();
    await settled();
    expect(await isKnown('b')).toBe(true);
    expect(watch.read.successful).toBe(true);
  });

  it('is told once while it is gone, and looked at when it is back', async () => {
    await start(credentials('a'));
    renameSync(file, `${file}.away`);
    await settled();
    expect(messages()).toEqual([NOT_USED]);
    expect([await isKnown('a'), watch.read.successful]).toEqual([true, false]);
    renameSync(`${file}.away`, file);
    await settled();
    expect(watch.read.successful).toBe(true);
  });
});

describe('the question what a restart would change', () => {
  it('takes over credentials at once, and tells the rest', async () => {
    await start(`${credentials('a')}budgets: {x: {}}`);
    writeFileSync(file, `${credentials('b')}budgets: {x: {}, y: {}}`);
    await watch.tell();
    expect(await isKnown('b')).toBe(true);
    expect(messages()).toEqual([
      OTHERS,
      'info: a restart would add budget y, unless the store has one of that name',
    ]);
    await watch.tell();
    expect(messages()).toHaveLength(3);
  });

  it('is answered where nothing would change, and where there is no file', async () => {
    await start(credentials('a'));
    await watch.tell();
    expect(messages()).toEqual(['info: a restart would change nothing']);
    watch.stop();
    const { config } = loadConfig({});
    watch = new ConfigurationWatch({ config, access: undefined, scheduler, wall: () => 0, log });
    watch.start();
    await watch.tell();
    expect(messages().at(-1)).toBe('info: there is no CONFIG_FILE to read again');
  });

  it('says that the file is not used where it is wrong', async () => {
    await start(credentials('a'));
    writeFileSync(file, 'budgets: [');
    await watch.tell();
    expect(messages()).toEqual([NOT_USED, NOT_USED.replace('error', 'warn')]);
  });
});
