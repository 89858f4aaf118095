import { generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';

/** X.509 certificates made on the spot: none is kept that could run out, and no tool is needed to make them. */
export interface Issued {
  /** Certificate and key as PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly privateKey: KeyObject;
  readonly commonName: string;
}

export interface Wanted {
  readonly commonName: string;
  readonly dns?: readonly string[];
  readonly uris?: readonly string[];
  /** Default: a day from now. */
  readonly validUntil?: Date;
}

const DAY_MS = 86_400_000;

export function makeAuthority(commonName: string): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authority = { commonName, privateKey };
  return issued(authority, { commonName }, publicKey, privateKey, [BASIC_CONSTRAINTS_OF_AN_AUTHORITY]);
}

/** For a server on loopback unless names are given. */
export function issue(authority: Pick<Issued, 'commonName' | 'privateKey'>, wanted: Wanted): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = [
    ...(wanted.dns ?? []).map((name) => tagged(0x82, Buffer.from(name))),
    ...(wanted.uris ?? []).map((uri) => tagged(0x86, Buffer.from(uri))),
    ...(wanted.dns === undefined && wanted.uris === undefined
      ? [tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.of(127, 0, 0, 1))]
      : []),
  ];
  return issued(authority, wanted, publicKey, privateKey, [extension('551d11', sequence(...names))]);
}

function issued(
  authority: Pick<Issued, 'commonName' | 'privateKey'>,
  { commonName, validUntil = new Date(Date.now() + DAY_MS) }: Wanted,
  publicKey: KeyObject,
  privateKey: KeyObject,
  extensions: readonly Buffer[],
): Issued {
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(authority.commonName),
    sequence(timeOf(new Date(validUntil.getTime() - 30 * DAY_MS)), timeOf(validUntil)),
    nameOf(commonName),
    publicKey.export({ format: 'der', type: 'spki' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, authority.privateKey);
  const der = sequence(body, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    cert: Buffer.from(new X509Certificate(der).toString()),
    key: Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    privateKey,
    commonName,
  };
}

const ECDSA_WITH_SHA256 = sequence(identifier('2a8648ce3d040302'));
const BASIC_CONSTRAINTS_OF_AN_AUTHORITY = extension('551d13', sequence(tagged(0x01, Buffer.of(0xff))));

function extension(oid: string, value: Buffer): Buffer {
  return sequence(identifier(oid), tagged(0x04, value));
}

function nameOf(commonName: string): Buffer {
  const attribute = sequence(identifier('550403'), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

/** `20261101090000Z` */
function timeOf(moment: Date): Buffer {
  return tagged(0x18, Buffer.from(`${moment.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));
}

function identifier(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** DER: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const digits = length < 0x100 ? Buffer.of(length) : Buffer.of(length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length), digits, content]);
}
