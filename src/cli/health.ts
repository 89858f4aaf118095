import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { ADDRESS_RULE, type Address, parseAddress } from '../config/values.js';
import { ConfigError, settingText } from '../config.js';
import { StartError } from '../platform/start-error.js';
import type { Run } from './output.js';

export interface HealthOptions {
  readonly live?: true;
  readonly httpAddress?: string;
}

interface Reply {
  readonly status: number | undefined;
  readonly text: string;
}

/** Below the time that probes usually allow. */
const PATIENCE_MS = 2_000;

/**
 * Asks the service on this machine whether it is ready, over TLS where it has TLS. It does not read CONFIG_FILE: a file that
 * is being replaced must not make a healthy service look ill. Health is open to all, so no credentials are needed, and the
 * certificate need not name this machine, since nothing is told to it.
 */
export async function checkHealth(
  { environment, output, finish }: Run,
  options: HealthOptions,
): Promise<void> {
  const text = options.httpAddress ?? settingText(environment, 'httpAddress').text ?? '';
  const address = parseAddress(text);
  if (address === undefined)
    throw new ConfigError([`HTTP_ADDRESS: ${JSON.stringify(text)} is not ${ADDRESS_RULE}`]);
  if (address.port === 0) {
    throw new ConfigError([
      'HTTP_ADDRESS: with port 0 the system chose one, which only the log knows; use --http-address',
    ]);
  }
  const path = options.live ? '/healthz' : '/readyz';
  try {
    const { status, text: body } = await askEither(address, path);
    output.out(`${status} ${body.trim()}\n`);
    if (status !== 200) finish(1);
  } catch (error) {
    throw new StartError(
      `the service is not reachable on ${hostOf(address)}:${address.port}: ${reasonOf(error)}`,
    );
  }
}

/** A port with TLS drops a plain request, and one without it answers no handshake. */
async function askEither(address: Address, path: string): Promise<Reply> {
  try {
    return await ask(getPlain, 'http', address, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' || error instanceof NoAnswer) throw error;
    return ask(getSecure, 'https', address, path);
  }
}

class NoAnswer extends Error {}

function ask(
  get: typeof getPlain | typeof getSecure,
  protocol: string,
  address: Address,
  path: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const url = `${protocol}://${hostOf(address)}:${address.port}${path}`;
    const options = { timeout: PATIENCE_MS, rejectUnauthorized: false, agent: false as const };
    const request = get(url, options, (answer) => {
      answer
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => resolve({ status: answer.statusCode, text: chunks.join('') }), reject);
    });
    request.on('timeout', () => request.destroy(new NoAnswer(`no answer within ${PATIENCE_MS / 1_000} s`)));
    request.on('error', reject);
  });
}

/** Where this machine finds what listens everywhere. */
export function hostOf({ host }: Address): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (!host.includes(':')) return host;
  return /^[0:]+$/.test(host) ? '[::1]' : `[${host}]`;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' ? 'nothing listens there' : message || String(code);
}
