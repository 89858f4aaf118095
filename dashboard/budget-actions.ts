import type { DoneData, LeaseData, LiveData } from '../src/http/dashboard/page-data.js';
import type { Api } from './api.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { tokens } from './format.js';

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
      act: (reason) => this.done('pause', { budget_id: this.budgetId, reason }),
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
      confirm: 'Resume',
      act: () => this.done('resume', { budget_id: this.budgetId }),
    });
  }

  revoke({ leaseId, aiId, reserved, used, fence }: LeaseData): Promise<boolean> {
    const held = Math.max(0, reserved - used);
    return ask({
      title: `Revoke the lease of ${aiId}?`,
      body: [
        h('p', {}, `The lease with fence ${fence} ends now, as if it had expired, and its slot is free.`),
        h(
          'p',
          {},
          `It has reserved ${tokens(reserved)} tokens and reported ${tokens(used)}. The ${tokens(held)} that are left are ` +
            'presumed spent, or freed if the policy says REFUND, until a late report tells otherwise.',
        ),
        h(
          'p',
          {},
          `${aiId} is not told until it renews or releases; what it spends meanwhile is still booked.`,
        ),
      ],
      ...{ confirm: 'Revoke', dangerous: true, reason: REASON },
      act: (reason) => this.done('revoke', { lease_id: leaseId, reason }),
    });
  }

  private async done(name: string, body: object): Promise<string> {
    const { message } = await this.api.post<DoneData>(name, body);
    return message;
  }
}
