import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTls } from '../../../src/platform/tls-files.js';
import { issue } from '../../support/certificates.js';
import { collectedLog } from '../../support/collected-log.js';
import { Looking } from '../../support/looking.js';
import { TlsFolder } from '../../support/tls-folder.js';

let folder: TlsFolder;
beforeEach(() => {
  folder = new TlsFolder();
});
afterEach(() => folder.remove());

describe('reading TLS files', () => {
  it('takes what fits together', () => {
    expect(readTls(folder.paths()).clientCa).toEqual(folder.clientAuthority.cert);
    expect(readTls(folder.paths(false))).toEqual({
      cert: readFileSync(folder.cert),
      key: readFileSync(folder.key),
    });
  });

  it.each([
    ['cert', undefined, /server\.pem cannot be read: there is no such file/],
    ['key', undefined, /server\.key cannot be read: there is no such file/],
    ['cert', 'x', /server\.pem cannot be used as a certificate in PEM/],
    ['key', 'x', /server\.key cannot be used as a private key in PEM/],
    ['clientCa', 'x', /clients\.pem cannot be used as certificates in PEM/],
    ['key', 'other', /server\.key is not the key of the certificate .*server\.pem/],
  ] as const)('says what is wrong with %s: %s', (file, content, message) => {
    if (content === undefined) rmSync(folder[file]);
    else if (content === 'other') writeFileSync(folder.key, folder.clientAuthority.key);
    else writeFileSync(folder[file], content);
    expect(() => readTls(folder.paths())).toThrow(message);
  });
});

describe('TLS files that change', () => {
  it('are taken over, once certificate and key fit', async () => {
    const [log, scheduler] = [collectedLog(), new Looking()];
    const tls = folder.read(log);
    const told: Buffer[] = [];
    tls.onChange(({ cert }) => told.push(cert));
    tls.watch(scheduler);
    await scheduler.look();
    expect(told).toEqual([]);

    const second = issue(folder.serverAuthority, { commonName: 'second' });
    writeFileSync(folder.cert, second.cert);
    await scheduler.look();
    await scheduler.look();
    expect(told).toEqual([]);
    expect(log.entries.map(({ level }) => level)).toEqual(['warn']);

    writeFileSync(folder.key, second.key);
    await scheduler.look();
    expect(told).toEqual([second.cert]);
    expect(tls.current.key).toEqual(second.key);

    rmSync(folder.cert);
    await scheduler.look();
    await scheduler.look();
    expect(tls.current.cert).toEqual(second.cert);
    expect(log.entries.map(({ level }) => level)).toEqual(['warn', 'info', 'error']);
    tls.stop();
  });
});
