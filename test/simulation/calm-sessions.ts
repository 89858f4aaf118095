import { ArbiterError } from '../../src/arbiter/service-port.js';
import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { SessionRef } from '../../src/domain/model/session-ref.js';
import { TestCaller } from '../support/caller.js';
import { SimulatedCaller } from './caller.js';
import { BUDGET, type Replica } from './sim-world.js';

const TTL_MS = 15_000;
const GRACE_MS = 2_000;
/** From the break on: the grace, and what it takes to tell it and to look. */
const FREED_WITHIN_MS = GRACE_MS + 2_000;

const CAPS = { monthlyLimit: 1e9, maxHourlyPercent: 100, maxDailyPercent: 100, pacing: 'NONE' } as const;
const SLOTS = {
  ...{ maxConcurrent: 1, cooldownMs: 0, leaseTtlMs: TTL_MS, maxLeaseDurationMs: 600_000 },
  sessionGraceMs: GRACE_MS,
};

/** On a calm sea: what a session's users are promised. */
export class CalmSessions extends SimulatedCaller {
  private made = 0;

  async run(): Promise<void> {
    await this.ask({ kind: 'resume' });
    await this.putPolicy({ ...CAPS, ...SLOTS });
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    const first = await this.open();
    const leaseId = await this.acquire('faithful', first);
    await this.world.pause(3 * TTL_MS);
    await this.mustBeLive(leaseId, 'although its stream lived');
    const healthy = await this.mustOutliveAttempts(first, leaseId);
    const taken = await this.mustTellTheOneBefore(healthy, leaseId);
    const second = await this.comeBack(taken, leaseId);
    await this.world.pause(3 * TTL_MS);
    await this.mustBeLive(leaseId, 'after its session was taken up');
    await this.mustNotBeStolen(second, leaseId);
    await this.acquire('next', undefined, FREED_WITHIN_MS);
    await this.mustEndWhatItCrosses();
  }

  /** Whoever knows the id of a session does it no harm; nor does a take-up that asks for what there is not. */
  private async mustOutliveAttempts(stream: Stream, leaseId: string): Promise<Stream> {
    const { world } = this;
    for (const [what, attempt] of [
      ['by another AI', { aiId: 'other' }],
      ['by another principal', { owner: 'thief' }],
      ['in a budget that is not there', { budgetIds: [BUDGET, 'nowhere'] }],
    ] as const) {
      const other = await this.attempt(attempt);
      if (other?.leaseIds.includes(leaseId)) world.violated(`a session was taken up ${what}`);
      if (stream.takenUp()) world.violated(`a healthy stream was ended by a take-up ${what}`);
      if (other !== undefined) this.break(other);
    }
    // Its own, whose client goes while the commit is under way; or just after it.
    const again = await this.attempt({ leavesAfterMs: 2 });
    if (again === undefined && stream.takenUp()) world.violated('a healthy stream was ended by none');
    let healthy = stream;
    if (again !== undefined) {
      for (const gone of [stream, again]) this.break(gone);
      healthy = await this.open();
    }
    await world.pause(3 * TTL_MS);
    await this.mustBeLive(leaseId, 'after take-ups by others, and such that failed');
    return healthy;
  }

  /** On whatever replica the session goes on, the stream before may do nothing any more with what was its own. */
  private async mustTellTheOneBefore(before: Stream, leaseId: string): Promise<Stream> {
    const again = await this.open();
    const lease = parseLeaseId(leaseId);
    const { session, replica, caller: stream } = before;
    for (const kind of ['renew', 'release'] as const) {
      const told = lease && (await this.world.call({ kind, lease, session }, { replica, stream }));
      const reason = told?.kind === 'refused' ? told.refusal.reason : told?.kind;
      if (reason !== 'SESSION_TAKEN_UP') this.world.violated(`a stream that is over may ${kind}: ${reason}`);
    }
    await this.mustBeLive(leaseId, 'that another stream carries');
    this.break(before);
    return again;
  }

  /** What was asked for before the end of its stream, and is granted after it, has no more than the grace. */
  private async mustEndWhatItCrosses(): Promise<void> {
    const free = await this.putPolicy({ ...CAPS, ...SLOTS, maxConcurrent: 2 });
    if (free?.kind !== 'budget') return;
    const stream = await this.open();
    const ids = { requestId: `calm-${++this.made}`, nonce: `calm-${this.made}`, requestIdMade: false };
    const request = {
      kind: 'acquire',
      aiId: 'faithful',
      estimatedTokens: 10,
      fingerprint: 'f',
      ...ids,
    } as const;
    const { session, replica } = stream;
    const crossing = this.world.call({ ...request, session }, { replica, stream: new TestCaller() });
    this.world.brokenStreams.add(session.stream);
    stream.close();
    const granted = await crossing.catch(() => undefined);
    const lease = granted?.kind === 'granted' ? parseLeaseId(granted.lease.leaseId) : undefined;
    if (lease === undefined) return;
    await this.world.pause(FREED_WITHIN_MS);
    const found = await this.ask({ kind: 'get-lease', key: { lease } });
    if (found?.kind === 'lease' && found.lease.status === 'LIVE')
      this.world.violated('a grant that crossed the end of its stream outlived the grace');
  }

  /** Within the grace, on any replica; and the stream before is missed once more, late. */
  private async comeBack(before: Stream, leaseId: string): Promise<Stream> {
    this.break(before);
    await this.world.pause(GRACE_MS / 2);
    const again = await this.open();
    if (!again.leaseIds.includes(leaseId))
      this.world.violated('a session came back in time and lost its lease');
    const late = { kind: 'break-sessions', streams: new Set([before.session.stream]) } as const;
    const [replica] = this.world.replicas;
    await replica?.arbiter.submit(BUDGET, late as never, new TestCaller());
    return again;
  }

  private async mustNotBeStolen(stream: Stream, leaseId: string): Promise<void> {
    this.break(stream);
    const thief = await this.open('thief');
    if (thief.leaseIds.includes(leaseId)) this.world.violated('a session was taken up by another principal');
    this.break(thief);
  }

  private async open(owner = 'faithful'): Promise<Stream> {
    const opened = await this.attempt({ owner });
    if (opened === undefined) throw new Error('a session was refused');
    return opened;
  }

  /** Undefined where it is refused. */
  private async attempt({
    owner = 'faithful',
    aiId = 'faithful',
    budgetIds = [BUDGET],
    leavesAfterMs,
  }: Attempt): Promise<Stream | undefined> {
    const replica = this.world.pick(this.world.replicas);
    const session = { id: 'calm', owner, stream: `calm-${++this.made}` };
    const caller = new TestCaller();
    let told = false;
    const takenUp = (): void => {
      told = true;
    };
    if (leavesAfterMs !== undefined) this.world.scheduler.after(leavesAfterMs, () => caller.leave());
    const opened = await replica.arbiter
      .openSession({ aiId, session, budgetIds }, takenUp, caller)
      .catch((error: unknown) => {
        if (error instanceof ArbiterError) return undefined;
        throw error;
      });
    if (opened?.kind !== 'open') return undefined;
    const leaseIds = opened.leases.map((lease) => lease.leaseId);
    return { replica, session, caller, leaseIds, takenUp: () => told, close: () => opened.close([BUDGET]) };
  }

  private break({ session, caller, close }: Stream): void {
    this.world.brokenStreams.add(session.stream);
    caller.leave();
    close();
  }

  private async acquire(aiId: string, stream?: Stream, waitMs = 0): Promise<string> {
    const ids = { requestId: `calm-${++this.made}`, nonce: `calm-${this.made}`, requestIdMade: false };
    const request = { kind: 'acquire', aiId, estimatedTokens: 10, fingerprint: 'f', ...ids } as const;
    const outcome =
      stream === undefined
        ? await this.ask(request, { waitMs })
        : await this.ask(
            { ...request, session: stream.session },
            { replica: stream.replica, stream: stream.caller },
          );
    if (outcome?.kind === 'granted') return outcome.lease.leaseId;
    this.world.violated(`${aiId} got no slot: ${JSON.stringify(outcome)}`);
    return '';
  }

  private async mustBeLive(leaseId: string, why: string): Promise<void> {
    const lease = parseLeaseId(leaseId);
    const found = lease && (await this.ask({ kind: 'get-lease', key: { lease } }));
    const status = found?.kind === 'lease' ? found.lease.status : found?.kind;
    if (status !== 'LIVE') this.world.violated(`the lease of a session was ${status} ${why}`);
  }
}

interface Attempt {
  readonly owner?: string;
  readonly aiId?: string;
  readonly budgetIds?: readonly string[];
  readonly leavesAfterMs?: number;
}

interface Stream {
  readonly replica: Replica;
  readonly session: SessionRef;
  readonly caller: TestCaller;
  readonly leaseIds: readonly string[];
  readonly takenUp: () => boolean;
  readonly close: () => void;
}
