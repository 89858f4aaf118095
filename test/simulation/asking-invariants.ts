import { roomFor } from '../../src/domain/admission/room.js';
import { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import type { Denied, Granted, OutcomeOf } from '../../src/domain/model/outcomes.js';
import type { AcquireRequest } from '../../src/domain/model/requests.js';
import type { StoredState } from '../../src/domain/model/state.js';
import { BUDGET } from './sim-world.js';

/** What a request for a slot was answered, held against how much it wanted. `states`: since it was asked. Each violation is a sentence. */
export function wrongOfAsking(
  request: AcquireRequest,
  outcome: OutcomeOf['acquire'],
  states: readonly StoredState[],
): string[] {
  if (outcome.kind === 'denied') return wrongOfDenial(request, outcome, states);
  return outcome.kind === 'granted' ? wrongOfGrant(request, outcome, states) : [];
}

function wrongOfGrant(request: AcquireRequest, granted: Granted, states: readonly StoredState[]): string[] {
  const { requestId, estimatedTokens, atLeastTokens } = request;
  const { fence, leaseId, reservedTokens } = granted.lease;
  const least = atLeastTokens ?? estimatedTokens ?? 1;
  if (reservedTokens < least) return [`${requestId} wanted ${least} and got ${reservedTokens}`];
  if (granted.replayed) return [];
  const holds = (state: StoredState | undefined) =>
    state?.sections.leases.get(String(fence))?.leaseId === leaseId;
  // After a fail-over that lost it there may be two commits that granted it, alike but for what stood around it.
  const tries = states
    .filter((state, at) => holds(state) && !holds(states[at - 1]))
    .map((state) => wrongOfCommit(request, granted, state));
  return tries.some((wrong) => wrong.length === 0) ? [] : (tries[0] ?? []);
}

/** Against the commit that granted it. */
function wrongOfCommit(
  request: AcquireRequest,
  { lease, availableTokens }: Granted,
  state: StoredState,
): string[] {
  const wrong: string[] = [];
  const { requestId, estimatedTokens, atLeastTokens } = request;
  const { fence, reservedTokens } = lease;
  const ledger = Ledger.of(BUDGET, state);
  const { policy, slots } = ledger;
  const room = roomFor(ledger, standingOf(ledger), request);
  const isLast = state.head.fence === fence;
  if (room > availableTokens || (isLast && room !== availableTokens))
    wrong.push(`${requestId} was told that ${availableTokens} are left, and ${room} are`);
  // Under EVEN a grant lowers the cap itself.
  if (policy.mode === 'OBSERVE' || policy.pacing === 'EVEN' || estimatedTokens === undefined) return wrong;
  const isPart =
    reservedTokens < estimatedTokens && reservedTokens > Math.max(atLeastTokens ?? 0, policy.minEstimate);
  if (isPart && slots.live < policy.maxConcurrent && availableTokens === 0)
    wrong.push(`${requestId} took all that was left, ${reservedTokens}, from those who could come after it`);
  return wrong;
}

/** Caps refuse what would have been enough, never the whole alone. */
function wrongOfDenial(
  { requestId, atLeastTokens }: AcquireRequest,
  { denial }: Denied,
  states: readonly StoredState[],
): string[] {
  if (atLeastTokens === undefined) return [];
  const enough = states.map((state) => Math.max(atLeastTokens, Ledger.of(BUDGET, state).policy.minEstimate));
  return denial.blockers
    .filter(({ window, requested }) => window !== undefined && !enough.includes(requested))
    .map(({ rule, requested }) => `${requestId}: ${rule} refuses ${requested}; ${atLeastTokens} would do`);
}
