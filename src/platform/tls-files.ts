import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type FileWatch, watchFiles } from './file-watch.js';
import type { Log } from './log.js';
import type { Scheduler } from './scheduler.js';

export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
  /** The authorities that clients' certificates must come from; without it none is asked for. */
  readonly clientCa?: string;
}

/** What a server shows and trusts, as PEM. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

/** The current certificate of both servers. Files that change are taken over without a restart, if they fit together. */
export class TlsFiles {
  private readonly listeners = new Set<(material: TlsMaterial) => void>();
  private files: FileWatch | undefined;

  private constructor(
    private readonly paths: TlsPaths,
    private material: TlsMaterial,
    private readonly log: Log,
  ) {}

  /** Throws an error whose message names the file and what is wrong. */
  static read(paths: TlsPaths, log: Log): TlsFiles {
    return new TlsFiles(paths, readTls(paths), log);
  }

  get current(): TlsMaterial {
    return this.material;
  }

  get asksClients(): boolean {
    return this.paths.clientCa !== undefined;
  }

  onChange(listener: (material: TlsMaterial) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  watch(scheduler: Scheduler, everyMs?: number): void {
    const { cert, key, clientCa } = this.material;
    const options = {
      files: () => pathList(this.paths),
      scheduler,
      ...(everyMs === undefined ? {} : { everyMs }),
      onChange: (contents: readonly Buffer[]) => {
        this.take(contents);
        return true;
      },
      onFailure: (error: Error) =>
        this.log.error({ err: error }, 'a TLS file cannot be read; the certificate in use stays'),
    };
    this.files = watchFiles(options, clientCa === undefined ? [cert, key] : [cert, key, clientCa]);
  }

  stop(): void {
    this.files?.stop();
  }

  /** Certificate and key are rarely replaced in one instant: until they fit, the old ones stay. */
  private take(contents: readonly Buffer[]): void {
    try {
      this.material = checked(this.paths, contents);
    } catch (error) {
      this.log.warn({ reason: (error as Error).message }, 'the changed TLS files are not used');
      return;
    }
    for (const listener of this.listeners) listener(this.material);
    const { subject, validTo } = new X509Certificate(this.material.cert);
    this.log.info({ subject, validTo }, 'new TLS files are in use');
  }
}

function pathList({ cert, key, clientCa }: TlsPaths): string[] {
  return clientCa === undefined ? [cert, key] : [cert, key, clientCa];
}

/** Throws an error whose message names the file and what is wrong. */
export function readTls(paths: TlsPaths): TlsMaterial {
  const contents = pathList(paths).map((file) => explained(file, 'read', () => readFileSync(file)));
  return checked(paths, contents);
}

function checked(paths: TlsPaths, contents: readonly Buffer[]): TlsMaterial {
  const [cert = Buffer.alloc(0), key = Buffer.alloc(0), clientCa] = contents;
  explained(paths.cert, 'used as a certificate in PEM', () => requireWhole(cert));
  const certificate = new X509Certificate(cert);
  const privateKey = explained(paths.key, 'used as a private key in PEM', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`${paths.key} is not the key of the certificate ${paths.cert}`);
  }
  if (clientCa !== undefined && paths.clientCa !== undefined) {
    explained(paths.clientCa, 'used as certificates in PEM', () => requireWhole(clientCa));
  }
  const material = clientCa === undefined ? { cert, key } : { cert, key, clientCa };
  explained(paths.cert, 'served', () => createSecureContext({ cert, key, ca: clientCa }));
  return material;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----BEGIN )[\s\S])*?-----END \1-----/g;

/**
 * Every certificate of a file must be there whole. OpenSSL stops at the first that it cannot read: of a file that is just
 * being written, the authorities that follow would be trusted no more.
 */
function requireWhole(pem: Buffer): void {
  const text = pem.toString('latin1');
  const begun = text.split('-----BEGIN').length - 1;
  const blocks = [...text.matchAll(BLOCK)].map(([block, kind]) => ({ block, kind }));
  const ended = text.split('-----END').length - 1;
  if (begun !== blocks.length || ended !== begun) throw new Error('one of its blocks is cut off');
  const certificates = blocks.filter(({ kind }) => kind?.endsWith('CERTIFICATE'));
  if (certificates.length === 0) throw new Error('there is no certificate in it');
  for (const [index, { block }] of certificates.entries()) {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw new Error(`its certificate ${index + 1} cannot be read: ${(error as Error).message}`);
    }
  }
}

function explained<T>(file: string, use: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new Error(`${file} cannot be ${use}: ${reason}`, { cause: error });
  }
}
