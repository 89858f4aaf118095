import type { LeaseData, LiveData } from '../src/http/dashboard/page-data.js';
import type { Api } from './api.js';
import type { RevokedLease } from './api-json.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { Amounts } from './format.js';

const REASON = 'Reason, for the audit';

/** What operators do to a budget, each asked about before it is done. */
export class BudgetActions {
  constructor(
    private readonly api: Api,
    private readonly budgetId: string,
  ) {}

  pause({ card }: LiveData): Promise<boolean> {
    const running = card.liveSlots === 1 ? 'The live slot goes on' : `The ${card.liveSlots} live slots go on`;
    return ask({
      title: `Pause ${this.budgetId}?`,
      body: [
        h(
          'p',
          {},
          'No new slot is granted to anybody until it is resumed; AIs that ask are denied by the rule PAUSED.',
        ),
        h('p', {}, `${running} until they are released or run out. Reports are taken as always.`),
      ],
      ...{ confirm: 'Pause', dangerous: true, reason: REASON },
      act: async (reason) => {
        await this.api.call('PauseBudget', { budgetId: this.budgetId, reason });
        return `${this.budgetId} is paused: no new slots are granted; running leases go on.`;
      },
    });
  }

  resume({ pause, card }: LiveData): Promise<boolean> {
    const why =
      pause === undefined || pause.reason === '' ? 'no reason was given' : `the reason was “${pause.reason}”`;
    return ask({
      title: `Resume ${this.budgetId}?`,
      body: [
        h('p', {}, `It is paused; ${why}.`),
        h(
          'p',
          {},
          `Slots are granted again at once, up to ${card.maxConcurrent}, within the caps of hour, day and month.`,
        ),
      ],
      ...{ confirm: 'Resume', reason: REASON },
      act: async (reason) => {
        await this.api.call('ResumeBudget', { budgetId: this.budgetId, reason });
        return `${this.budgetId} is resumed: slots are granted again.`;
      },
    });
  }

  revoke({ leaseId, aiId, reserved, used, fence }: LeaseData, unit: string): Promise<boolean> {
    const amounts = new Amounts(unit);
    const held = Math.max(0, reserved - used);
    return ask({
      title: `Revoke the lease of ${aiId}?`,
      body: [
        h('p', {}, `The lease with fence ${fence} ends now, as if it had expired, and its slot is free.`),
        h(
          'p',
          {},
          `It has reserved ${amounts.told(reserved)} and reported ${amounts.text(used)}. The ${amounts.text(held)} that are left are ` +
            'presumed spent, or freed if the policy says REFUND, until a late report tells otherwise.',
        ),
        h(
          'p',
          {},
          `${aiId} is not told until it renews or releases; what it spends meanwhile is still booked.`,
        ),
      ],
      ...{ confirm: 'Revoke', dangerous: true, reason: REASON },
      act: async (reason) => {
        const { lease } = await this.api.call<RevokedLease>('RevokeLease', { leaseId, reason });
        if (lease.state === 'LEASE_STATE_REVOKED')
          return `The lease of ${aiId} is revoked; its slot is free.`;
        return `The lease of ${aiId} had ended before, by itself.`;
      },
    });
  }
}
