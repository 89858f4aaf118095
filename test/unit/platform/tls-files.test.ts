import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTls } from '../../../src/platform/tls-files.js';
import { issue, makeAuthority } from '../../support/certificates.js';
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

describe('a file of several certificates', () => {
  const whole = () =>
    Buffer.concat([
      folder.clientAuthority.cert,
      Buffer.from('\n# another\n'),
      makeAuthority('second').cert,
    ]).toString();

  it('is taken with what stands between them', () => {
    writeFileSync(folder.clientCa, whole());
    expect(readTls(folder.paths()).clientCa?.toString()).toContain('# another');
  });

  it('is refused wherever its last certificate is cut, or damaged', () => {
    const text = whole();
    const second = text.lastIndexOf('-----BEGIN');
    for (let end = second + 1; end < text.trimEnd().length; end += 7) {
      writeFileSync(folder.clientCa, text.slice(0, end));
      // Of a few hyphens nobody can tell that more should follow.
      if (end < second + '-----BEGIN'.length) continue;
      expect(() => readTls(folder.paths()), `cut at ${end - second}`).toThrow(/clients.pem cannot be used/);
    }
    writeFileSync(folder.clientCa, text.slice(0, second + 100) + text.slice(second + 140));
    expect(() => readTls(folder.paths())).toThrow(/its certificate 2 cannot be read/);
  });

  it('changes nothing while it does not fit, and is told of once', async () => {
    const [log, scheduler] = [collectedLog(), new Looking()];
    const tls = folder.read(log);
    const told: unknown[] = [];
    tls.onChange((material) => told.push(material));
    tls.watch(scheduler);
    const text = whole();
    writeFileSync(folder.clientCa, text.slice(0, text.length - 60));
    for (let look = 0; look < 3; look += 1) await scheduler.look();
    expect(told).toEqual([]);
    expect(tls.current.clientCa).toEqual(folder.clientAuthority.cert);
    expect(log.entries).toMatchObject([{ level: 'warn', message: 'the changed TLS files are not used' }]);
    writeFileSync(folder.clientCa, text);
    await scheduler.look();
    expect(told).toHaveLength(1);
    tls.stop();
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
