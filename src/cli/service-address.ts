import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PeerCertificate } from 'node:tls';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Environment, loadConfig } from '../config/config.js';
import { ADDRESS_RULE, type Address, parseAddress } from '../config/values.js';
import { StartError } from '../platform/start-error.js';
import type { ConnectionOptions } from './connection-options.js';
import { hostOf } from './health.js';

export interface ServiceAddress {
  readonly target: string;
  /** Absent: without TLS. */
  readonly tls?: {
    readonly context: SecureContext;
    readonly serverName?: string;
    /** Instead of the name in the certificate: it must be this very one. */
    readonly checkServerIdentity?: (host: string, certificate: PeerCertificate) => Error | undefined;
  };
  readonly token?: string;
}

/** Where the options, or else the service's own configuration, say that it is. Throws a `StartError`. */
export function serviceAddress(options: ConnectionOptions, environment: Environment): ServiceAddress {
  const token = tokenOf(options, environment);
  const place =
    options.address === undefined && !asksTls(options)
      ? own(options, environment)
      : named(options, environment);
  return { ...place, ...(token === undefined ? {} : { token }) };
}

function asksTls({ tls, ca, serverName }: ConnectionOptions): boolean {
  return tls === true || ca !== undefined || serverName !== undefined;
}

function named(options: ConnectionOptions, environment: Environment): ServiceAddress {
  const text = options.address ?? loadConfig(environment).config.grpcAddress.text;
  const address = parseAddress(text);
  if (address === undefined || address.port === 0) {
    throw new StartError(
      `--address: ${JSON.stringify(text)} is not ${ADDRESS_RULE.replace(' or localhost:0', '')}`,
      2,
    );
  }
  const target = targetOf(address);
  const wantsTls = asksTls(options) || options.cert !== undefined;
  if (!wantsTls) return { target };
  const ca = options.ca === undefined ? undefined : read('--ca', options.ca);
  const { serverName } = options;
  return {
    target,
    tls: { context: contextOf(options, ca), ...(serverName === undefined ? {} : { serverName }) },
  };
}

/** The service that this environment configures: its certificate is known, so it need not name this machine. */
function own(options: ConnectionOptions, environment: Environment): ServiceAddress {
  const { config } = loadConfig(environment);
  if (config.grpcAddress.port === 0) {
    throw new StartError(
      'with port 0 in GRPC_ADDRESS the system chose one, which only the log knows: name it with --address',
      2,
    );
  }
  const target = targetOf(config.grpcAddress);
  if (config.tls === undefined) return { target };
  const cert = read('tls.cert', config.tls.cert);
  const { raw } = new X509Certificate(cert);
  const checkServerIdentity = (_host: string, shown: PeerCertificate): Error | undefined =>
    raw.equals(shown.raw)
      ? undefined
      : new Error('the service shows another certificate than CONFIG_FILE names');
  return { target, tls: { context: contextOf(options, cert), checkServerIdentity } };
}

function contextOf({ cert, key }: ConnectionOptions, ca: Buffer | undefined): SecureContext {
  if ((cert === undefined) !== (key === undefined)) {
    throw new StartError('--cert and --key belong together: name both', 2);
  }
  const shown = cert && key ? { cert: read('--cert', cert), key: read('--key', key) } : {};
  try {
    // A certificate that an authority signed is trusted by itself, without that authority.
    return createSecureContext({ ...shown, ...(ca && { ca }), allowPartialTrustChain: ca !== undefined });
  } catch (error) {
    throw new StartError(`the files of --ca, --cert or --key cannot be used: ${(error as Error).message}`, 2);
  }
}

function tokenOf({ tokenFile }: ConnectionOptions, environment: Environment): string | undefined {
  const text =
    tokenFile === undefined ? environment['ARBITER_TOKEN'] : read('--token-file', tokenFile).toString();
  const token = text?.trim();
  if (tokenFile !== undefined && !token) throw new StartError(`--token-file: ${tokenFile} is empty`, 2);
  if (token && !/^[\x21-\x7e]+$/.test(token))
    throw new StartError('the token is not one word of ASCII characters', 2);
  return token || undefined;
}

function read(what: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartError(`${what}: ${file} cannot be read: ${(error as Error).message}`, 2);
  }
}

function targetOf(address: Address): string {
  return `${hostOf(address)}:${address.port}`;
}
