import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Backoff } from '../time.js';

const DEFAULT_PORT = '50051';
const LOOK_UP_EVERY_MS = 30_000;
const LOOK_UP_AFTER_FAILURE_MS = 5_000;

/** Where a replica listens. */
export interface Address {
  /** `host:port`, by which budgets are spread. */
  readonly name: string;
  /** The name that its certificate is for, where `name` is one of the addresses behind it. */
  readonly authority: string | undefined;
}

interface Known extends Address {
  downUntil: number;
  readonly backoff: Backoff;
}

type LookUp = (host: string) => Promise<readonly { readonly address: string }[]>;
const lookUpAll: LookUp = (host) => lookup(host, { all: true });

/**
 * The replicas of a service, by a list, by DNS or both. A budget's calls go to one of them, whichever process makes them, so that
 * they share commits: to the one whose hash with the budget is the greatest among those that are not down.
 */
export class Addresses {
  private known: readonly Known[] = [];
  private lookedUpAt = Number.NEGATIVE_INFINITY;
  private looking: Promise<void> | undefined;
  private failed = false;

  constructor(
    private readonly listed: readonly string[],
    private readonly lookUp: LookUp = lookUpAll,
  ) {
    if (listed.length === 0) throw new TypeError('a budget client needs the address of a budget arbiter');
  }

  /** The best first. */
  async ranked(budgetId: string): Promise<readonly Address[]> {
    await this.refresh();
    const now = performance.now();
    const scored = this.known.map((address) => ({ address, score: score(budgetId, address.name) }));
    scored.sort((a, b) => Buffer.compare(b.score, a.score));
    const all = scored.map(({ address }) => address);
    const isDown = (address: Known): boolean => address.downUntil > now;
    return [...all.filter((address) => !isDown(address)), ...all.filter(isDown)];
  }

  async pick(budgetId: string): Promise<Address> {
    const [first] = await this.ranked(budgetId);
    if (first === undefined) throw new Error('no address of a budget arbiter is known');
    return first;
  }

  /** It did not answer: its budgets go to the next for a while. */
  markDown({ name }: Address): void {
    this.failed = true;
    const known = this.known.find((each) => each.name === name);
    if (known !== undefined) known.downUntil = performance.now() + known.backoff.next();
  }

  markUp({ name }: Address): void {
    const known = this.known.find((each) => each.name === name);
    known?.backoff.reset();
    if (known !== undefined) known.downUntil = 0;
  }

  private refresh(): Promise<void> {
    const age = performance.now() - this.lookedUpAt;
    if (age < (this.failed ? LOOK_UP_AFTER_FAILURE_MS : LOOK_UP_EVERY_MS)) return Promise.resolve();
    this.looking ??= this.lookUpListed().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async lookUpListed(): Promise<void> {
    const found = (await Promise.all(this.listed.map((each) => this.behind(each)))).flat();
    const before = new Map(this.known.map((address) => [address.name, address]));
    this.known = found.map(
      (address) =>
        before.get(address.name) ?? { ...address, downUntil: 0, backoff: new Backoff(500, 30_000) },
    );
    this.lookedUpAt = performance.now();
    this.failed = false;
  }

  private async behind(listed: string): Promise<readonly Address[]> {
    const { host, port } = split(listed);
    const itself = { name: `${host}:${port}`, authority: undefined };
    if (isIP(host.replace(/^\[|\]$/g, '')) !== 0 || host === 'localhost') return [itself];
    // A name that is not to be found is left to the connection, which says so.
    const found = await this.lookUp(host).catch(() => []);
    const ips = [...new Set(found.map(({ address }) => address))].sort();
    if (ips.length < 2) return [itself];
    return ips.map((ip) => ({
      name: `${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`,
      authority: `${host}:${port}`,
    }));
  }
}

/** The same in every language, so that a Python worker and a Node server share a replica. */
function score(budgetId: string, name: string): Buffer {
  return createHash('sha256').update(`${budgetId}\n${name}`).digest();
}

function split(listed: string): { host: string; port: string } {
  const plain = listed
    .trim()
    .replace(/^(dns:\/\/\/?|dns:|https?:\/\/)/, '')
    .replace(/\/$/, '');
  const [, host = plain, port = DEFAULT_PORT] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(plain) ?? [];
  return { host, port };
}
