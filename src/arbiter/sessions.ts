import type { Refused } from '../domain/outcomes.js';
import type { LeaseView } from '../domain/types.js';
import { shuttingDown } from './answers.js';
import type { Context } from './context.js';
import { ArbiterError, type OpenSession, type SessionRequest } from './door.js';
import type { SessionLeases } from './session-leases.js';

interface Live {
  readonly stream: string;
  readonly takenUp: () => void;
}

/** The sessions whose streams are on this copy of the service. */
export class Sessions {
  /** By session id and owner. */
  private readonly live = new Map<string, Live>();

  constructor(
    private readonly context: Context,
    private readonly leasesOf: (budgetId: string) => SessionLeases,
  ) {}

  async open(
    request: SessionRequest,
    takenUp: () => void,
    takeUp: (budgetId: string) => Promise<readonly LeaseView[] | Refused>,
  ): Promise<OpenSession | Refused> {
    const { counts, bounds, stopping } = this.context;
    if (stopping()) throw shuttingDown();
    if (counts.sessions >= bounds.sessions) {
      throw new ArbiterError(
        'QUEUE_FULL',
        `this copy carries ${bounds.sessions} sessions; ask another`,
        5_000,
      );
    }
    const open = this.enter(request, takenUp);
    try {
      const leases = await this.takeUpAll(request, takeUp);
      if (!Array.isArray(leases)) {
        open.close(request.budgetIds);
        return leases as Refused;
      }
      return { ...open, leases };
    } catch (error) {
      open.close(request.budgetIds);
      throw error;
    }
  }

  private enter({ session }: SessionRequest, takenUp: () => void): Omit<OpenSession, 'leases'> {
    const { counts } = this.context;
    const key = `${session.id} ${session.owner}`;
    const { stream } = session;
    const before = this.live.get(key);
    this.live.set(key, { stream, takenUp });
    counts.sessions += 1;
    before?.takenUp();
    let closed = false;
    const close = (usedBudgetIds: Iterable<string>): void => {
      if (closed) return;
      closed = true;
      counts.sessions -= 1;
      if (this.live.get(key)?.stream === stream) this.live.delete(key);
      // A copy that stops is no AI that crashed: its leases keep their time, to be taken up on another copy.
      if (this.context.stopping()) return;
      for (const budgetId of usedBudgetIds) this.leasesOf(budgetId).break(stream);
    };
    return { kind: 'open', session, close };
  }

  private async takeUpAll(
    { budgetIds, session }: SessionRequest,
    takeUp: (budgetId: string) => Promise<readonly LeaseView[] | Refused>,
  ): Promise<LeaseView[] | Refused> {
    const found = await Promise.all(budgetIds.map(takeUp));
    const leases: LeaseView[] = [];
    for (const [at, ofBudget] of found.entries()) {
      if ('kind' in ofBudget) return ofBudget;
      const budgetId = budgetIds[at] ?? '';
      for (const lease of ofBudget) this.leasesOf(budgetId).carry(lease, session.stream);
      leases.push(...ofBudget);
    }
    return leases;
  }
}
