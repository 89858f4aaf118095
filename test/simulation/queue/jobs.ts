import { NOBODY, Pending } from '../../../src/arbiter/pending.js';
import type { BudgetRequest } from '../../../src/domain/model/requests.js';

export type JobKind = 'write' | 'read' | 'acquire' | 'release' | 'undo';

/** What a client wants done once, however often it must ask for it. */
export interface Job {
  readonly id: number;
  readonly kind: JobKind;
  /** How its decision goes. */
  readonly nature: 'plain' | 'to look up' | 'after last days' | 'throws' | 'refused';
  readonly waits: boolean;
}

/** One asking. */
export interface Asking {
  readonly job: Job;
  readonly pending: Pending;
  readonly arrivedAt: number;
  answers: number;
  outcome: 'done' | 'failed' | undefined;
  gone: boolean;
  /** What it needs was found; or a decision of it threw before, and does not again. */
  found: boolean;
}

const REQUESTS: Readonly<Record<JobKind, BudgetRequest['kind']>> = {
  write: 'record',
  read: 'get-snapshot',
  acquire: 'acquire',
  release: 'release',
  undo: 'undo-grant',
};

export const AIS = ['x/1', 'x/2', 'y/1', 'n1', 'n2'];

export function aiOf({ id }: Job): string {
  return AIS[id % AIS.length] ?? '';
}

/** The machine looks at no more of a request than its kind, and for whom it waits. */
export function askingFor(job: Job, now: number, again: boolean): Asking {
  const kind = REQUESTS[job.kind];
  const ids = { requestId: `${job.id}`, requestIdMade: false };
  const request = { kind, aiId: aiOf(job), ...ids } as unknown as BudgetRequest;
  const caller = {
    get gone() {
      return asking.gone;
    },
    onGone: () => {},
  };
  const asking: Asking = {
    ...{
      job,
      arrivedAt: now,
      answers: 0,
      outcome: undefined,
      gone: false,
      found: again && job.nature === 'throws',
    },
    pending: new Pending(
      request,
      job.kind === 'undo' ? NOBODY : caller,
      now,
      {
        resolve: () => settle('done'),
        reject: () => settle('failed'),
      },
      job.waits ? 1_000_000 : 0,
    ),
  };
  const settle = (outcome: 'done' | 'failed') => {
    asking.answers += 1;
    asking.outcome = outcome;
  };
  return asking;
}
