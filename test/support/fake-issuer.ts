import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export function signed(key: SigningKey, claims: Readonly<Record<string, unknown>>): Promise<string> {
  const header = { alg: key.publicJwk.alg ?? '', kid: key.kid };
  return new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(key.privateKey);
}

/** An OpenID issuer on loopback, as far as its keys go. */
export class FakeIssuer {
  keys: JWK[] = [];
  /** What it was asked for, in order. */
  readonly asked: string[] = [];
  failing = false;
  /** Instead of its own discovery document. */
  document: object | undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<FakeIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const issuer = new FakeIssuer(server, `http://127.0.0.1:${port}`);
    server.on('request', ({ url = '' }, response) => {
      issuer.asked.push(url);
      const body = issuer.answer(url);
      response.writeHead(body === undefined ? 503 : 200, { connection: 'close' });
      response.end(JSON.stringify(body ?? {}));
    });
    return issuer;
  }

  private answer(url: string): object | undefined {
    if (this.failing) return undefined;
    if (url === '/keys') return { keys: this.keys };
    if (url !== '/.well-known/openid-configuration') return undefined;
    return this.document ?? { issuer: this.url, jwks_uri: `${this.url}/keys` };
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
