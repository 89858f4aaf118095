import type { ServicePort } from '../arbiter/service-port.js';
import type { TimeSources } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import { AccessError, unauthenticated } from './access-error.js';
import type { AccessSettings } from './access-settings.js';
import { AuditedPort } from './audited-port.js';
import { BearerTokens, tokenDigest } from './bearer-tokens.js';
import { Certificates, type VerifiedCertificate } from './certificates.js';
import { type CredentialChanges, credentialChanges } from './credential-entries.js';
import { GuardedPort, LeaseOwners, notAllowed } from './guarded-port.js';
import { Holders } from './holders.js';
import { JwtTokens } from './jwt-tokens.js';
import { type AccessRule, mayCall, scopeOf } from './permissions.js';
import { type Principal, principalLabel } from './principal.js';
import { Slowdown } from './slowdown.js';
import { Followers, Standing } from './standing.js';

/** What a call shows of its caller. */
export interface Presented {
  /** Every `authorization` header of the call. */
  readonly authorization: readonly string[];
  /** The client's certificate, if the TLS layer has verified one. */
  certificate(): VerifiedCertificate | undefined;
  /** The address that the call came from, without its port. */
  peer(): string;
}

export interface AccessOptions {
  readonly settings: AccessSettings;
  readonly time: TimeSources;
  readonly scheduler: Scheduler;
  readonly log: Log;
}

/** As much as the metadata of a call over gRPC may have. */
const MAX_HEADER = 16 * 1024;
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** Who is calling, and what they may do. There is one while credentials are configured; without it everybody may do everything. */
export class Access {
  private readonly holders = new Holders();
  private readonly followers = new Followers();
  private settings: AccessSettings;
  private tokens: BearerTokens;
  private certificates: Certificates;
  private readonly jwt: JwtTokens;
  private readonly slowdown: Slowdown;
  private readonly forbidden: ForbiddenCalls;
  private readonly owners = new LeaseOwners();
  private readonly log: Log;
  private readonly time: TimeSources;

  constructor({ settings, time, scheduler, log }: AccessOptions) {
    this.settings = settings;
    this.tokens = new BearerTokens(settings.tokens, this.holders);
    this.certificates = new Certificates(settings.certificates, this.holders, () => time.wall());
    this.jwt = new JwtTokens(settings.jwt, this.holders, time, scheduler, log);
    this.slowdown = new Slowdown(scheduler, () => time.monotonic(), log);
    this.forbidden = new ForbiddenCalls(() => time.monotonic(), log);
    this.log = log;
    this.time = time;
  }

  /** Other credentials from now on. What those opened that are no longer there, or may do less, ends at once. */
  replace(settings: AccessSettings): CredentialChanges {
    const changes = credentialChanges(this.settings, settings);
    this.settings = settings;
    this.holders.follow(changes);
    this.tokens = new BearerTokens(settings.tokens, this.holders);
    this.certificates = new Certificates(settings.certificates, this.holders, () => this.time.wall());
    this.jwt.replace(settings.jwt);
    this.followers.tell();
    return changes;
  }

  /** At once for tokens and certificates, later for a JWT that was not seen lately. Throws an `AccessError`, or rejects with one. */
  authenticate(presented: Presented): Principal | Promise<Principal> {
    try {
      const found = this.identify(presented);
      return found instanceof Promise ? found.catch((error) => this.turnAway(error, presented)) : found;
    } catch (error) {
      return this.turnAway(error, presented);
    }
  }

  /** A wrong header is wrong, whatever else the caller shows: it would hide that a token has run out. */
  private identify(presented: Presented): Principal | Promise<Principal> {
    const [header, ...more] = presented.authorization;
    if (header === undefined) return this.byCertificate(presented);
    if (more.length > 0) throw unauthenticated('more than one authorization header');
    const token = header.length <= MAX_HEADER ? BEARER.exec(header)?.[1] : undefined;
    if (token === undefined) throw unauthenticated('the authorization header is not "Bearer <token>"');
    const digest = tokenDigest(token);
    return (
      this.tokens.principalOf(digest) ??
      this.jwt.believedPrincipal(digest) ??
      this.jwt.principalOf(token, digest)
    );
  }

  private byCertificate(presented: Presented): Principal {
    const certificate = presented.certificate();
    if (certificate === undefined) {
      throw unauthenticated(
        'credentials are needed here: a bearer token in the authorization header, or a client certificate',
      );
    }
    return this.certificates.principalOf(certificate);
  }

  /** For credentials of another kind that are wrong: who guesses those is slowed just as well. Always rejects. */
  refuse(presented: Presented, message: string): Promise<never> {
    return this.turnAway(unauthenticated(message), presented);
  }

  private async turnAway(error: unknown, presented: Presented): Promise<never> {
    if (error instanceof AccessError && error.failure === 'UNAUTHENTICATED') {
      await this.slowdown.failed(presented.peer());
    }
    throw error;
  }

  /** How long a principal's credentials are still good, asked again and again; undefined if they have no end. */
  validForMs({ until }: Principal): (() => number) | undefined {
    return until === undefined ? undefined : () => until - this.time.wall();
  }

  /** How a principal stands, for what it opens by a method and keeps open. */
  standingOf(principal: Principal, rule: AccessRule): Standing {
    return new Standing(principal, rule, this.followers);
  }

  /** The service port as a principal finds it. Throws PERMISSION_DENIED if it has no role at all for the rule's method. */
  portFor(principal: Principal, rule: AccessRule, method: string, servicePort: ServicePort): ServicePort {
    this.require(principal, rule, method);
    const tell = (budgetId: string) => this.forbidden.tell(principal, method, budgetId);
    const audited = new AuditedPort(servicePort, principalLabel(principal), this.log);
    const standing = this.standingOf(principal, rule);
    return new GuardedPort({ servicePort: audited, principal, rule, owners: this.owners, standing, tell });
  }

  /** For what concerns one whole budget. */
  require(principal: Principal, rule: AccessRule, method: string, budgetId?: string): void {
    const allowed =
      budgetId === undefined ? mayCall(principal, rule) : scopeOf(principal, rule, budgetId) === 'all';
    if (!allowed) throw this.told(notAllowed(principal, rule, budgetId), principal, method, budgetId);
  }

  private told(error: AccessError, principal: Principal, method: string, budgetId?: string): AccessError {
    this.forbidden.tell(principal, method, budgetId);
    return error;
  }
}

/** After so long without a denial the next one is a new story. */
const STORY_MS = 60_000;
const MOST = 1_000;

interface Story {
  times: number;
  at: number;
}

/**
 * Tells the log of those who ask for more than they may. Of one that goes on asking at its 1st, 2nd, 4th, 8th time: nobody
 * shall fill the log by it.
 */
export class ForbiddenCalls {
  private readonly stories = new Map<string, Story>();

  constructor(
    private readonly monotonic: () => number,
    private readonly log: Log,
  ) {}

  tell(principal: Principal, method: string, budget?: string): void {
    const times = this.count(`${principal.name} ${method}`);
    if (!Number.isInteger(Math.log2(times))) return;
    const fields = { principal: principalLabel(principal), method, times };
    this.log.info(
      budget === undefined ? fields : { ...fields, budget },
      'a principal asked for more than it may',
    );
  }

  private count(key: string): number {
    const now = this.monotonic();
    const before = this.stories.get(key);
    const goesOn = before !== undefined && now - before.at < STORY_MS;
    const times = goesOn ? before.times + 1 : 1;
    this.stories.delete(key);
    this.stories.set(key, { times, at: now });
    if (this.stories.size > MOST) {
      const [oldest] = this.stories.keys();
      if (oldest !== undefined) this.stories.delete(oldest);
    }
    return times;
  }
}
