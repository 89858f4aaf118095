import type * as Decide from '../../src/domain/decide.js';
import type * as Finish from '../../src/domain/finish.js';
import type * as Wanted from '../../src/domain/leases/wanted-receipts.js';
import type * as Ledgers from '../../src/domain/ledger/ledger.js';
import type * as LeaseIds from '../../src/domain/model/lease-id.js';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import type * as ReceiptIds from '../../src/domain/model/receipt-id.js';
import type { BudgetRequest, Evidence } from '../../src/domain/model/requests.js';
import type { UsageReport } from '../../src/domain/model/types.js';
import { built } from '../built.js';
import { ROOMY_FIELDS, SHARED_FIELDS } from '../roomy-fields.js';
import type { TimedPeer } from './peer.js';

const BATCH = 64;

const { decide } = await built<typeof Decide>('domain/decide.js');
const { finish } = await built<typeof Finish>('domain/finish.js');
const { Ledger } = await built<typeof Ledgers>('domain/ledger/ledger.js');
const { parseLeaseId } = await built<typeof LeaseIds>('domain/model/lease-id.js');
const { topUpReceiptId } = await built<typeof ReceiptIds>('domain/model/receipt-id.js');
const { wantedReceipts } = await built<typeof Wanted>('domain/leases/wanted-receipts.js');

/** The cycle of 64 AIs in batches, with no store and no network: only the decisions are timed, not the ends of batches. */
export async function decidePeer(): Promise<TimedPeer> {
  return driven(new DecideRounds(ROOMY_FIELDS));
}

/** The same where each AI is in a team of its own, and names one of many models that are limited, with as many top-ups as there may be. */
export async function decideSharedPeer(): Promise<TimedPeer> {
  const rounds = new DecideRounds(SHARED_FIELDS, (ai) => `model-${String(ai).padStart(2, '0')}-large`);
  rounds.addTopUps(50);
  return driven(rounds);
}

function driven(rounds: DecideRounds): TimedPeer {
  return {
    drive(seconds) {
      const until = performance.now() + seconds * 1_000;
      const before = { calls: rounds.calls, busyMs: rounds.busyMs };
      while (performance.now() < until) rounds.round();
      return {
        calls: rounds.calls - before.calls,
        busySeconds: (rounds.busyMs - before.busyMs) / 1_000,
      };
    },
  };
}

class DecideRounds {
  calls = 0;
  busyMs = 0;
  #made = 0;
  #seq = 0;
  readonly #ledger = Ledger.of('bench', undefined);
  readonly #time = Date.now();

  constructor(
    fields: PolicyFields,
    private readonly modelOf: (ai: number) => string | undefined = () => undefined,
  ) {
    this.#decide({ kind: 'put-policy', fields }, { receipts: new Map(), days: new Map() });
    this.#end();
  }

  addTopUps(count: number): void {
    for (let at = 0; at < count; at += 1) {
      const topUpId = `top-up-${at}`;
      const content = { tokens: 1_000, reason: 'bench', expiresAt: this.#time + 3_600_000 };
      const evidence = { receipts: new Map([[topUpReceiptId(1, topUpId), undefined]]), days: new Map() };
      const request = { kind: 'add-top-up', of: 'OVER_CAPS', topUpId, ...content, fingerprint: '' } as const;
      const { kind } = this.#decide(request, evidence);
      if (kind !== 'top-up') throw new Error(`not added: ${kind}`);
    }
    this.#end();
    this.#dropWritten();
  }

  round(): void {
    const granted = this.#batch(
      Array.from({ length: BATCH }, (_, ai): BudgetRequest => {
        const requestId = `r${++this.#made}`;
        const model = this.modelOf(ai);
        return {
          kind: 'acquire',
          aiId: `ai-${ai}`,
          requestId,
          requestIdMade: false,
          estimatedTokens: 200,
          fingerprint: requestId,
          nonce: 'AbCdEfGhIjKlMnOp',
          ...(model !== undefined && { model }),
        };
      }),
    );
    const leases = granted.map((outcome) => {
      const lease = outcome.kind === 'granted' ? parseLeaseId(outcome.lease.leaseId) : undefined;
      if (lease === undefined) throw new Error(`not granted: ${JSON.stringify(outcome)}`);
      return lease;
    });
    this.#batch(
      leases.map((lease, at) => ({
        kind: 'record',
        lease,
        usage: report(`u${++this.#made}`, this.modelOf(at)),
      })),
    );
    this.#batch(leases.map((lease) => ({ kind: 'release', lease })));
    this.#dropWritten();
  }

  #batch(requests: readonly BudgetRequest[]): ReturnType<typeof decide>[] {
    // As the arbiter has them: looked up before, and not there.
    const evidence = requests.map((request): Evidence => {
      const wanted = wantedReceipts(this.#ledger, request).map((id) => [id, undefined] as const);
      return { receipts: new Map(wanted), days: new Map() };
    });
    const since = performance.now();
    const outcomes = requests.map((request, at) => this.#decide(request, evidence[at] as Evidence));
    this.busyMs += performance.now() - since;
    this.calls += requests.length;
    const odd = outcomes.find(({ kind }) => kind === 'unknown' || kind === 'refused' || kind === 'denied');
    if (odd !== undefined) throw new Error(`not decided as meant: ${JSON.stringify(odd)}`);
    this.#end();
    return outcomes;
  }

  #decide(request: BudgetRequest, evidence: Evidence): ReturnType<typeof decide> {
    return decide(this.#ledger, request, { time: this.#time, maxSkewMs: 2_000, evidence });
  }

  #end(): void {
    finish(this.#ledger, { copyId: 'bench', seq: ++this.#seq }, false);
    this.#ledger.takeEvents();
  }

  #dropWritten(): void {
    const receipts = new Map(
      [...this.#ledger.tables.outbox.values()].map(({ id, revision }) => [id, revision]),
    );
    this.#decide(
      { kind: 'drop-written', receipts, days: new Map() },
      { receipts: new Map(), days: new Map() },
    );
    this.#end();
  }
}

function report(usageId: string, model = 'claude-sonnet-4'): UsageReport & { readonly usageId: string } {
  const tokens = { input: 120, output: 60, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };
  return {
    usageId,
    tokens,
    model,
    requestType: '',
    failed: false,
    errorMessage: '',
    fingerprint: usageId,
  };
}
