import { readFileSync } from 'node:fs';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { Settlement } from './settle/settlement.js';
import type { CallFailure } from './transport/call-failure.js';

/** Where and how to reach the service, and what slots are asked for unless a request says otherwise. Times are seconds. */
export interface BudgetClientOptions {
  /** `host:port`, several of them, or a name with several addresses in DNS. Default `127.0.0.1:50051`. */
  readonly address?: string | readonly string[] | undefined;
  /** The budget of requests that name none. */
  readonly budget?: string | undefined;
  /** The AI of requests that name none. */
  readonly ai?: string | undefined;
  /** A bearer token. */
  readonly token?: string | undefined;
  /** A file with the token, read again when it changes. */
  readonly tokenFile?: string | undefined;
  /** TLS: true with the authorities of Node, or files in PEM. Default: none. */
  readonly tls?: boolean | TlsFiles | undefined;
  /** How long to stand in the service's queue. Default 10. */
  readonly wait?: number | undefined;
  /** How long to try in all, the wait included. Default 60, and no less than `wait`. */
  readonly patience?: number | undefined;
  /** How long a call that does not wait may take. Default 5. */
  readonly timeout?: number | undefined;
  /** While the service is away, calls go on without a slot; what they cost is booked when it is back. Default false. */
  readonly failOpen?: boolean | undefined;
  /** Ask the budgets that a denial names. Default false. */
  readonly fallback?: boolean | undefined;
  /** Kept with each lease, for operators. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Sent along with each call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** `session` (default): one stream, no heartbeat. `unary`: calls of their own, where no stream can live. */
  readonly transport?: 'session' | 'unary' | undefined;
  /** A file that keeps what is not settled yet over a crash of this process. One process a file. */
  readonly journal?: string | undefined;
  /** A settlement was given up: the service refuses it, or was away for a week. */
  readonly onUnsettled?: ((settlement: Settlement, error: CallFailure) => void) | undefined;
  /** Where log lines go. Default: `console`. */
  readonly logger?: Logger | undefined;
}

/** Files in PEM. */
export interface TlsFiles {
  /** The authority that signed the service's certificate. */
  readonly ca?: string | undefined;
  /** This client's own certificate, and its key. */
  readonly cert?: string | undefined;
  /** The key of that certificate. */
  readonly key?: string | undefined;
}

/** Where log lines go: `console` is one, and most loggers are. */
export interface Logger {
  /** The client goes on, another way than it should. */
  warn(message: string): void;
  /** Something was lost. */
  error(message: string): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables `BUDGET_ARBITER_*`. */
export function optionsFromEnv(env: Environment = process.env): BudgetClientOptions {
  const read = (name: string): string | undefined => env[`BUDGET_ARBITER_${name}`] || undefined;
  const [ca, cert, key] = [read('TLS_CA'), read('TLS_CERT'), read('TLS_KEY')];
  const failOpen = read('FAIL_OPEN')?.toLowerCase();
  return {
    address: read('ADDRESS')?.split(','),
    budget: read('BUDGET'),
    ai: read('AI'),
    token: read('TOKEN'),
    tokenFile: read('TOKEN_FILE'),
    tls: ca || cert || key ? { ca, cert, key } : undefined,
    failOpen: failOpen === undefined ? undefined : ['1', 'true', 'yes', 'on'].includes(failOpen),
  };
}

export function channelCredentials(tls: boolean | TlsFiles | undefined): ChannelCredentials {
  if (tls === undefined || tls === false) return credentials.createInsecure();
  const { ca, cert, key } = tls === true ? {} : tls;
  const read = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path));
  return credentials.createSsl(read(ca), read(key), read(cert));
}
