import { parseLeaseId } from '../../src/domain/lease-id.js';
import type { SessionRef } from '../../src/domain/state.js';
import { SimulatedCaller } from './caller.js';
import { BUDGET, type Copy, SimCaller } from './sim-world.js';

const TTL_MS = 15_000;
const GRACE_MS = 2_000;
/** From the break on: the grace, and what it takes to tell it and to look. */
const FREED_WITHIN_MS = GRACE_MS + 2_000;

/** On a calm sea: what a session's users are promised. */
export class CalmSessions extends SimulatedCaller {
  private made = 0;

  async run(): Promise<void> {
    await this.ask({ kind: 'resume' });
    const caps = { monthlyLimit: 1e9, maxHourlyPercent: 100, maxDailyPercent: 100, pacing: 'NONE' } as const;
    const slots = { maxConcurrent: 1, cooldownMs: 0, leaseTtlMs: TTL_MS, maxLeaseDurationMs: 300_000 };
    await this.ask({ kind: 'put-policy', fields: { ...caps, ...slots, sessionGraceMs: GRACE_MS } });
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    const first = await this.open();
    const leaseId = await this.acquire('faithful', first);
    await this.world.pause(3 * TTL_MS);
    await this.mustBeLive(leaseId, 'although its stream lived');
    const second = await this.comeBack(first, leaseId);
    await this.world.pause(3 * TTL_MS);
    await this.mustBeLive(leaseId, 'after its session was taken up');
    await this.mustNotBeStolen(second, leaseId);
    await this.acquire('next', undefined, FREED_WITHIN_MS);
  }

  /** Within the grace, on any copy; and the stream before is missed once more, late. */
  private async comeBack(before: Stream, leaseId: string): Promise<Stream> {
    this.break(before);
    await this.world.pause(GRACE_MS / 2);
    const again = await this.open();
    if (!again.leaseIds.includes(leaseId))
      this.world.violated('a session came back in time and lost its lease');
    const late = { kind: 'break-sessions', streams: new Set([before.session.stream]) } as const;
    const [copy] = this.world.copies;
    await copy?.arbiter.submit(BUDGET, late as never, new SimCaller());
    return again;
  }

  private async mustNotBeStolen(stream: Stream, leaseId: string): Promise<void> {
    this.break(stream);
    const thief = await this.open('thief');
    if (thief.leaseIds.includes(leaseId)) this.world.violated('a session was taken up by another principal');
    this.break(thief);
  }

  private async open(owner = 'faithful'): Promise<Stream> {
    const copy = this.world.pick(this.world.copies);
    const session = { id: 'calm', owner, stream: `calm-${++this.made}` };
    const caller = new SimCaller();
    const request = { aiId: 'faithful', session, budgetIds: [BUDGET] };
    const opened = await copy.arbiter.openSession(request, () => {}, caller);
    if (opened.kind !== 'open') throw new Error(JSON.stringify(opened));
    const leaseIds = opened.leases.map((lease) => lease.leaseId);
    return { copy, session, caller, leaseIds, close: () => opened.close([BUDGET]) };
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
            { copy: stream.copy, stream: stream.caller },
          );
    if (outcome?.kind === 'granted') return outcome.lease.leaseId;
    this.world.violated(`${aiId} got no slot: ${outcome?.kind}`);
    return '';
  }

  private async mustBeLive(leaseId: string, why: string): Promise<void> {
    const lease = parseLeaseId(leaseId);
    const found = lease && (await this.ask({ kind: 'get-lease', key: { lease } }));
    const status = found?.kind === 'lease' ? found.lease.status : found?.kind;
    if (status !== 'LIVE') this.world.violated(`the lease of a session was ${status} ${why}`);
  }
}

interface Stream {
  readonly copy: Copy;
  readonly session: SessionRef;
  readonly caller: SimCaller;
  readonly leaseIds: readonly string[];
  readonly close: () => void;
}
