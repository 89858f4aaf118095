import { expect } from 'vitest';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import type { Blocker, Denial } from '../../src/domain/model/types.js';
import type { TestBudget } from './budget.js';

/**
 * What a denial promises: a rule that refuses until a moment refuses until then, and if nothing more is spent, no longer.
 * Where others hold what is wanted nothing is promised: their end may free nothing.
 */
export function expectComesBack(budget: TestBudget, request: AcquireRequest, denial: Denial): void {
  for (const blocker of denial.blockers) {
    const { rule, availableAt } = blocker;
    if (availableAt === undefined || !waitsForTime(blocker)) continue;
    // How hours of later days weigh, nobody knows before they come.
    const isPart = blocker.window === 'HOUR' && blocker.scope !== undefined;
    if (isPart && budget.state.policy.pacing === 'EVEN' && availableAt >= budget.state.today.end) continue;
    // What is held may come to nothing: then its day teaches pacing another thing than was foreseen.
    const { pacing, onExpiry } = budget.state.policy;
    if (pacing === 'EVEN' && onExpiry === 'REFUND' && budget.state.slots.live > 0) continue;
    const refusing = (moment: number) => rulesAt(budget, request, blocker, moment);
    const name = nameOf(blocker);
    expect(refusing(availableAt), `${rule} at ${new Date(availableAt).toISOString()}`).not.toContain(name);
    // What expires in between is spent under CHARGE, and under REFUND is free before.
    if (budget.state.policy.onExpiry === 'CHARGE') {
      expect(refusing(availableAt - 1), `${rule} until ${new Date(availableAt).toISOString()}`).toContain(
        name,
      );
    }
  }
}

function waitsForTime({ rule, spent, requested, limit }: Blocker): boolean {
  if (rule === 'COOLDOWN' || rule === 'EMERGENCY') return true;
  return rule.endsWith('_CAP') && spent + requested > limit;
}

function rulesAt(
  budget: TestBudget,
  { aiId, model }: AcquireRequest,
  { requested, rule }: Blocker,
  moment: number,
) {
  const later = budget.fork();
  // A top-up may lift it, once nothing but caps refuses.
  for (const { topUpId, kind } of later.snapshot().topUps)
    if (kind === 'OVER_CAPS') later.do({ kind: 'end-top-up', topUpId, reason: '' });
  later.now = moment;
  const estimate = rule === 'COOLDOWN' ? {} : { estimatedTokens: requested };
  const outcome = later.do<'availability'>({
    kind: 'get-availability',
    aiId,
    ...(model && { model }),
    ...estimate,
  });
  return outcome.denial?.blockers.map(nameOf) ?? [];
}

/** The same rule may refuse for several windows. */
function nameOf({ rule, window, scope }: Blocker): string {
  return [rule, window, scope].join(' ');
}
