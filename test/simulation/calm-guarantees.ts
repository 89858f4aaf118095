import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import { SimulatedCaller } from './caller.js';
import { CLOCK_SLACK_MS } from './commit-invariants.js';
import { GUARANTEED_PERCENTS } from './operators.js';
import { BUDGET } from './sim-world.js';

const HOUR_MS = 3_600_000;
const HOURS = 3;
const ASKED_IN_AN_HOUR = 4;
const FREE = 'calm-free';
const GUARANTEED = ['calm-one', 'calm-other'];

const FIELDS: PolicyFields = {
  ...{ monthlyLimit: 100_000, maxDailyPercent: 30, cooldownMs: 0, minEstimate: 0, maxRequestTokens: 0 },
  ...{
    maxConcurrent: 1_000,
    maxConcurrentPerAi: 1_000,
    leaseTtlMs: 20 * HOUR_MS,
    maxLeaseDurationMs: 20 * HOUR_MS,
  },
};

/** On a calm sea: one that is guaranteed nothing takes whatever is free, and teams ask for all that they are promised, early or late. */
export class CalmGuarantees extends SimulatedCaller {
  private made = 0;

  async run(): Promise<void> {
    const { world } = this;
    await this.ask({ kind: 'resume' });
    await this.putPolicy(this.policy());
    // A budget that was gone has begun anew with the clock of the one before.
    await this.ask({ kind: 'reset-clock' });
    // What was taken before was taken under another policy.
    world.skip(26 * HOUR_MS);
    for (let hour = 0; hour < HOURS; hour += 1) {
      world.skip(HOUR_MS - (world.time.now % HOUR_MS) + 1_000);
      for (let asked = 0; asked < ASKED_IN_AN_HOUR; asked += 1) await this.askInHour();
      await this.squeeze();
      if (world.random() < 0.5) world.skip(5 * HOUR_MS);
    }
    // One that was asked for twice at once may be granted by the second call.
    await world.pause(2_000);
    await this.releaseAll();
  }

  private policy(): PolicyFields {
    const { world } = this;
    const [ofOne, ofOther] = world.pick(GUARANTEED_PERCENTS);
    return {
      ...FIELDS,
      maxHourlyPercent: world.pick([1, 20]),
      pacing: world.pick(['NONE', 'FLOOR', 'EVEN'] as const),
      lending: world.pick(['GRADUAL', 'GRADUAL', 'NEVER'] as const),
      teams: [
        ['one', { aiIds: ['calm-one'], guaranteedPercent: ofOne }],
        ['other', { aiIds: ['calm-other'], guaranteedPercent: ofOther }],
      ],
    };
  }

  private async askInHour(): Promise<void> {
    const { world } = this;
    if (world.random() < 0.6) this.later();
    await this.take(world.pick([FREE, ...GUARANTEED, ...GUARANTEED]), world.random() < 0.5);
  }

  /** One takes all that is free, a team all that it is given, again and again; and the other one wants what it is promised. */
  private async squeeze(): Promise<void> {
    const [one = '', other = ''] = this.world.random() < 0.5 ? GUARANTEED : GUARANTEED.toReversed();
    this.later();
    for (const aiId of [FREE, one, one, one, other]) await this.take(aiId, true);
  }

  /** In the same hour. */
  private later(): void {
    const { world } = this;
    const left = HOUR_MS - (world.time.now % HOUR_MS) - 30_000;
    if (left > 0) world.skip(Math.floor(world.random() * left));
  }

  private async take(aiId: string, isAll: boolean): Promise<void> {
    const { world } = this;
    const now = world.time.latestBelief + CLOCK_SLACK_MS;
    const promised =
      aiId === FREE ? 0 : world.guarantees.promisedTo(aiId, now, world.statesSince(world.scheduler.now));
    const most = promised > 0 ? promised : await this.free(aiId);
    if (most <= 0) return;
    const tokens = isAll ? most : 1 + Math.floor(world.random() * most);
    await this.ask(this.request(aiId, tokens));
  }

  private async free(aiId: string): Promise<number> {
    const outcome = await this.ask({ kind: 'get-availability', aiId });
    return outcome?.kind === 'availability' ? outcome.availableTokens : 0;
  }

  private async releaseAll(): Promise<void> {
    for (const { leaseId } of this.world.store.peekState(BUDGET)?.sections.leases.values() ?? []) {
      const lease = parseLeaseId(leaseId);
      if (lease !== undefined) await this.ask({ kind: 'release', lease });
    }
  }

  private request(aiId: string, estimatedTokens: number): AcquireRequest {
    const ids = { requestId: `calm-${++this.made}`, nonce: `calm-${this.made}`, requestIdMade: false };
    return { kind: 'acquire', aiId, estimatedTokens, fingerprint: 'f', ...ids };
  }
}
