import type { Refused } from '../domain/model/outcomes.js';
import type { LeaseView } from '../domain/model/types.js';
import { shuttingDown } from './answers.js';
import type { Context } from './context.js';
import { ArbiterError, type Caller, type OpenSession, type SessionRequest } from './service-port.js';
import type { SessionLeases } from './session-leases.js';

interface Live {
  readonly stream: string;
  readonly takenUp: () => void;
}

type Found = readonly LeaseView[] | Refused;
/** `onlyLook`: whether there is such a budget; nothing is taken up yet. */
type TakeUp = (budgetId: string, look: { readonly onlyLook?: true }) => Promise<Found>;

/** The sessions whose streams are on this replica. */
export class Sessions {
  private readonly live = new Map<string, Live>();

  constructor(
    private readonly context: Context,
    private readonly leasesOf: (budgetId: string) => SessionLeases,
  ) {}

  /** The stream before lives on until this one has everything: a take-up that fails is as if it had not been. */
  async open(
    request: SessionRequest,
    takenUp: () => void,
    caller: Caller,
    takeUp: TakeUp,
  ): Promise<OpenSession | Refused> {
    const { counts, bounds, stopping } = this.context;
    if (stopping()) throw shuttingDown();
    if (counts.sessions >= bounds.sessions) {
      throw new ArbiterError(
        'QUEUE_FULL',
        `this replica carries ${bounds.sessions} sessions; ask another`,
        5_000,
      );
    }
    counts.sessions += 1;
    try {
      const found = await this.takeUpAll(request, takeUp);
      if (isRefused(found)) {
        counts.sessions -= 1;
        return found;
      }
      if (caller.gone) throw new ArbiterError('CANCELLED', 'the caller has gone');
      return this.enter(request, takenUp, found);
    } catch (error) {
      counts.sessions -= 1;
      this.giveBack(request);
      throw error;
    }
  }

  /** The leases of each budget, or why one of them has none to give; then none of the others has given any. */
  private async takeUpAll(
    request: SessionRequest,
    takeUp: TakeUp,
  ): Promise<readonly (readonly LeaseView[])[] | Refused> {
    const { budgetIds } = request;
    if (budgetIds.length > 1) {
      const looked = await Promise.all(budgetIds.map((budgetId) => takeUp(budgetId, { onlyLook: true })));
      const refusal = looked.find(isRefused);
      if (refusal !== undefined) return refusal;
    }
    const found = await Promise.all(budgetIds.map((budgetId) => takeUp(budgetId, {})));
    const refusal = found.find(isRefused);
    if (refusal === undefined) return found as (readonly LeaseView[])[];
    this.giveBack(request);
    return refusal;
  }

  /** What was taken up, or may yet be by a commit under way, is again of the stream that it was taken from. */
  private giveBack({ budgetIds, session }: SessionRequest): void {
    for (const budgetId of budgetIds) this.leasesOf(budgetId).giveBack(session.stream);
  }

  private enter(
    request: SessionRequest,
    takenUp: () => void,
    found: readonly (readonly LeaseView[])[],
  ): OpenSession {
    const { counts, streams, stopping } = this.context;
    const { session, budgetIds } = request;
    const key = keyOf(request);
    const { stream } = session;
    for (const [at, budgetId] of budgetIds.entries()) {
      for (const lease of found[at] ?? []) this.leasesOf(budgetId).carry(lease, stream);
    }
    const before = this.live.get(key);
    this.live.set(key, { stream, takenUp });
    streams.add(stream);
    before?.takenUp();
    const end = (usedBudgetIds: Iterable<string>, how: 'break' | 'leave'): void => {
      if (!streams.delete(stream)) return;
      counts.sessions -= 1;
      if (this.live.get(key)?.stream === stream) this.live.delete(key);
      // A replica that stops is no AI that crashed: its leases keep their time, to be taken up on another replica.
      if (stopping()) return;
      for (const budgetId of usedBudgetIds) this.leasesOf(budgetId)[how](stream);
    };
    return {
      ...{ kind: 'open', session, leases: found.flat() },
      close: (usedBudgetIds) => end(usedBudgetIds, 'break'),
      leave: (usedBudgetIds) => end(usedBudgetIds, 'leave'),
    };
  }
}

/** To know a session's id is not enough to be its next stream. */
function keyOf({ session, aiId = '' }: SessionRequest): string {
  return [session.id, session.owner, aiId].join(' ');
}

function isRefused(found: object): found is Refused {
  return 'kind' in found;
}
