import { readFileSync, statSync } from 'node:fs';

const LOOK_EVERY_MS = 1_000;

/** The bearer token, from a text or from a file that is read again when it changes. */
export interface TokenSource {
  /** Undefined: the service asks for none. */
  read(): string | undefined;
  /** The service refused it: whether there is another by now. */
  renew(): boolean;
}

export function tokenSource(options: { readonly token?: string; readonly tokenFile?: string }): TokenSource {
  const { token, tokenFile } = options;
  if (tokenFile !== undefined) return new TokenFile(tokenFile);
  return { read: () => token, renew: () => false };
}

class TokenFile implements TokenSource {
  private token = '';
  private version = '';
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly path: string) {}

  renew(): boolean {
    const { token } = this;
    this.lookedAt = Number.NEGATIVE_INFINITY;
    return this.read() !== token;
  }

  read(): string {
    const now = performance.now();
    if (now - this.lookedAt < LOOK_EVERY_MS) return this.token;
    try {
      const { mtimeMs, ino, size } = statSync(this.path);
      const version = `${mtimeMs} ${ino} ${size}`;
      if (version !== this.version) this.token = readFileSync(this.path, 'utf8').trim();
      this.version = version;
      this.lookedAt = now;
    } catch (error) {
      // It may be replaced at this moment; the one before is good until the service says otherwise.
      if (this.token === '') throw error;
    }
    return this.token;
  }
}
