import { parseArgs } from 'node:util';
import { ADDRESS_RULE, type Address, HTTP_ADDRESS, parseAddress } from '../config/address.js';
import { textIn } from '../config/environment.js';
import { type Answered, ExchangeError, exchange } from '../platform/exchange.js';
import { PROCESS_SCHEDULER } from '../platform/scheduler.js';
import { StartError } from '../platform/start-error.js';
import type { Run } from './output.js';

export interface HealthOptions {
  readonly live?: boolean;
  readonly httpAddress?: string;
}

/**
 * What a probe asks for, read without the library of the other commands: a probe runs every few seconds, and most of its cost
 * would be loading that. Undefined for anything but `health` with its options as they should be: the program says the rest.
 */
export function probeOptions([command, ...args]: readonly string[]): HealthOptions | undefined {
  if (command !== 'health') return undefined;
  try {
    const options = { live: { type: 'boolean' }, 'http-address': { type: 'string' } } as const;
    const { live, 'http-address': httpAddress } = parseArgs({ args, options }).values;
    return { ...(live && { live }), ...(httpAddress !== undefined && { httpAddress }) };
  } catch {
    return undefined;
  }
}

/** Below the time that probes usually allow. */
const PATIENCE_MS = 2_000;
/** Of what is answered; another service may listen there. */
const MOST_SHOWN = 1_024;

/**
 * Asks the service on this machine whether it is ready, over TLS where it has TLS. It does not read CONFIG_FILE: a file that
 * is being replaced must not make a healthy service look ill. Health is open to all, so no credentials are needed, and the
 * certificate need not name this machine, since nothing is told to it.
 */
export async function checkHealth(
  { environment, output, finish }: Run,
  options: HealthOptions,
): Promise<void> {
  const text = options.httpAddress ?? textIn(environment, HTTP_ADDRESS).text ?? '';
  const address = parseAddress(text);
  if (address === undefined)
    throw new StartError(`HTTP_ADDRESS: ${JSON.stringify(text)} is not ${ADDRESS_RULE}`, 2);
  if (address.port === 0) {
    const message =
      'HTTP_ADDRESS: with port 0 the system chose one, which only the log knows; use --http-address';
    throw new StartError(message, 2);
  }
  const path = options.live ? '/healthz' : '/readyz';
  try {
    const { status, body } = await askEither(address, path);
    output.out(`${status} ${body.toString('utf8').trim()}\n`);
    if (status !== 200) finish(1);
  } catch (error) {
    throw new StartError(
      `the service is not reachable on ${hostOf(address)}:${address.port}: ${reasonOf(error)}`,
    );
  }
}

/** A port with TLS drops a plain request, and one without it answers no handshake. */
async function askEither(address: Address, path: string): Promise<Answered> {
  try {
    return await ask('http', address, path);
  } catch (error) {
    if (error instanceof ExchangeError && ['ECONNREFUSED', 'LATE'].includes(error.code)) throw error;
    return ask('https', address, path);
  }
}

function ask(protocol: string, address: Address, path: string): Promise<Answered> {
  const url = `${protocol}://${hostOf(address)}:${address.port}${path}`;
  const bounds = { withinMs: PATIENCE_MS, mostBytes: () => MOST_SHOWN };
  return exchange({ url, method: 'GET', headers: {}, anyCertificate: true, ...bounds }, PROCESS_SCHEDULER);
}

/** Where this machine finds what listens everywhere. */
export function hostOf({ host }: Address): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (!host.includes(':')) return host;
  return /^[0:]+$/.test(host) ? '[::1]' : `[${host}]`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof ExchangeError)) return (error as Error).message;
  return error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message;
}
