import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import { type ChannelCredentials, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ADDRESS_RULE, type Address, parseAddress } from '../config/address.js';
import { loadConfig } from '../config/config.js';
import type { Environment } from '../config/environment.js';
import { BudgetAdminServiceClient } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient } from '../gen/budgetarbiter/v1/budget_service.js';
import { StartError } from '../platform/start-error.js';
import { hostOf } from './health.js';

const PATIENCE_MS = 10_000;

/** How a command finds the service, and shows who it is. */
export interface ConnectionOptions {
  readonly address?: string;
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly tokenFile?: string;
}

/** A connection to the running service. */
export interface Service {
  readonly target: string;
  readonly admin: BudgetAdminServiceClient;
  readonly metadata: Metadata;
  /** One call, which fails with a `StartError` for an operator. */
  call<Request, Response>(method: Unary<Request, Response>, request: Request): Promise<Response>;
  readonly budgets: BudgetServiceClient;
  close(): void;
}

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** `wallMs` reads the time, for deadlines. */
export function connect(options: ConnectionOptions, environment: Environment, wallMs: () => number): Service {
  // grpc-js names the server by its address where it has no name, and Node warns an operator of that.
  process.noDeprecation = true;
  const address = serviceAddress(options, environment);
  const channel = channelCredentials(address);
  const name = address.tls?.serverName;
  const settings = {
    // A service that is started again is soon found again.
    'grpc.max_reconnect_backoff_ms': 2_000,
    ...(name && { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
  };
  const admin = new BudgetAdminServiceClient(address.target, channel, settings);
  const budgets = new BudgetServiceClient(address.target, channel, settings);
  const metadata = new Metadata();
  if (address.token !== undefined) metadata.set('authorization', `Bearer ${address.token}`);
  return {
    ...{ target: address.target, admin, budgets, metadata },
    call: (method, request) =>
      new Promise((resolve, reject) => {
        method(request, metadata, { deadline: wallMs() + PATIENCE_MS }, (error, response) =>
          error === null ? resolve(response) : reject(failureOf(error, address.target)),
        );
      }),
    close: () => {
      admin.close();
      budgets.close();
    },
  };
}

function channelCredentials({ tls }: ServiceAddress): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { context, checkServerIdentity } = tls;
  return credentials.createFromSecureContext(context, checkServerIdentity ? { checkServerIdentity } : {});
}

/** What went wrong, and what to do. gRPC's message begins with the number and the name of its code. */
export function failureOf(error: ServiceError, target: string): StartError {
  const [, name = ''] = /^\d+ (\w+):/.exec(error.message) ?? [];
  return new StartError(`${adviceOf(name, target)}${error.details || name}`, 1, { cause: error });
}

function adviceOf(name: string, target: string): string {
  switch (name) {
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
      return `the service at ${target} does not answer; is it running there, with or without TLS as asked (--address, --ca)? `;
    case 'UNAUTHENTICATED':
      return `the service at ${target} wants to know who asks (--token-file, or --cert and --key): `;
    default:
      return '';
  }
}

interface ServiceAddress {
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
function serviceAddress(options: ConnectionOptions, environment: Environment): ServiceAddress {
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
