import { cooldownEnd } from '../domain/admission/rules/cooldown.js';
import { isTakenUp } from '../domain/leases/sessions.js';
import type { Ledger } from '../domain/ledger/ledger.js';
import { closedGrants } from '../domain/ledger/request-memory.js';
import type { AcquireRequest } from '../domain/model/requests.js';
import { type Flow, flowOf } from '../domain/turns/flow.js';

/** What those who wait for a slot look at of a ledger: little, for it is looked at for each of them. */
export interface Prospect {
  /** What it is of: another one may hold what others have done. */
  readonly ledger: object;
  readonly clock: number;
  /** Rises whenever something may have become possible that was denied before. */
  readonly loosened: number;
  /** Another one for every policy. */
  readonly policyRevision: number;
  /** Whatever is asked for, and by whomever, is denied; it will be loosened before it is not. */
  readonly closed: boolean;
  /** An AI is denied until then, whatever others do; long ago if it is not. */
  coolsUntil(aiId: string): number;
  /** Its answer is known without a slot. */
  isAnswered(request: AcquireRequest): boolean;
  flowOf(aiId: string): Flow;
}

export class LedgerProspect implements Prospect {
  constructor(readonly ledger: Ledger) {}

  get clock(): number {
    return this.ledger.clock;
  }

  get loosened(): number {
    return this.ledger.loosened;
  }

  get policyRevision(): number {
    return this.ledger.policyRevision;
  }

  get closed(): boolean {
    const { exists, pause, slots, policy } = this.ledger;
    if (!exists) return false;
    return pause !== undefined || (policy.mode === 'ENFORCE' && slots.live >= policy.maxConcurrent);
  }

  coolsUntil(aiId: string): number {
    const { exists, policy } = this.ledger;
    if (!exists || policy.mode === 'OBSERVE') return Number.NEGATIVE_INFINITY;
    return cooldownEnd(this.ledger, aiId);
  }

  /** Another replica has granted it, to another call with its request id; or another stream goes on with its session. */
  isAnswered(request: AcquireRequest): boolean {
    const { aiId, requestId, requestIdMade } = request;
    if (isTakenUp(this.ledger, request)) return true;
    if (requestIdMade) return false;
    const live = this.ledger.slots.leaseOf(aiId, requestId);
    return live !== undefined || closedGrants(this.ledger, aiId, requestId).length > 0;
  }

  flowOf(aiId: string): Flow {
    const { ledger } = this;
    return flowOf(ledger.policy.teams, ledger.teamIdOf(aiId), aiId);
  }
}
