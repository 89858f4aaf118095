import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/platform/log.js';
import { TlsFiles, type TlsPaths } from '../../src/platform/tls-files.js';
import { type Issued, issue, makeAuthority } from './certificates.js';

/** A folder with the files that the service is told of: certificate and key of a server, and the authority of its clients. */
export class TlsFolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'tls-'));
  readonly serverAuthority = makeAuthority('authority of servers');
  readonly clientAuthority = makeAuthority('authority of clients');
  readonly cert = join(this.folder, 'server.pem');
  readonly key = join(this.folder, 'server.key');
  readonly clientCa = join(this.folder, 'clients.pem');

  constructor() {
    this.write(issue(this.serverAuthority, { commonName: 'first' }));
    writeFileSync(this.clientCa, this.clientAuthority.cert);
  }

  write({ cert, key }: Pick<Issued, 'cert' | 'key'>): void {
    writeFileSync(this.cert, cert);
    writeFileSync(this.key, key);
  }

  paths(clientCa = true): TlsPaths {
    const { cert, key } = this;
    return clientCa ? { cert, key, clientCa: this.clientCa } : { cert, key };
  }

  read(log: Log, clientCa = true): TlsFiles {
    return TlsFiles.read(this.paths(clientCa), log);
  }

  file(name: string, content: string | Buffer): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
