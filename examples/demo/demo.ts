import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientReadableStream, credentials } from '@grpc/grpc-js';
import {
  BudgetAdminServiceClient,
  UpdateBudgetRequest,
  type WatchBudgetResponse,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import type { AiMessage } from './ai-messages.js';
import { Board } from './board.js';
import { Crew } from './crew.js';
import { demoPolicy, msPerToken } from './demo-policy.js';
import { toMs } from './durations.js';
import { frame, type View, windowBars } from './frame.js';
import { happeningLine } from './happening-line.js';
import { Journal } from './journal.js';
import { listLeases } from './list-leases.js';
import { operatorCall } from './operator-call.js';
import type { Options } from './options.js';
import { prove } from './prove.js';
import { Screen } from './screen.js';
import type { Service } from './service-process.js';
import type { AiId, Trace } from './trace.js';

const BUDGET_ID = 'anthropic';
const LOOK_MS = 250;
/** In the form without a live view. */
const PRINTED_BARS = 6;
const PLAIN_COLUMNS = 79;

/** One run against a running service. What is to be undone at its end, whatever ends it, is put into `undos`. */
export class Demo {
  readonly #journal = new Journal();
  readonly #board = new Board((happening) => this.#print(happening));
  readonly #admin: BudgetAdminServiceClient;
  readonly #client: BudgetServiceClient;
  readonly #dead = new Set<string>();
  readonly #policy: ReturnType<typeof demoPolicy>;
  #startedAt = new Date();
  #printedBars = 0;

  constructor(
    private readonly service: Service,
    private readonly trace: Trace,
    private readonly options: Options,
    private readonly folder: string,
    private readonly undos: (() => unknown)[],
  ) {
    this.#admin = new BudgetAdminServiceClient(service.grpc, credentials.createInsecure());
    this.#client = new BudgetServiceClient(service.grpc, credentials.createInsecure());
    this.#policy = demoPolicy(trace.totalTokens, options.seconds);
    undos.push(() => {
      this.#admin.close();
      this.#client.close();
    });
  }

  /** True if the books balance. */
  async run(): Promise<boolean> {
    const update = UpdateBudgetRequest.fromPartial({ budgetId: BUDGET_ID, policy: this.#policy });
    await operatorCall(this.#admin.updateBudget.bind(this.#admin), update);
    const crew = this.#crew();
    this.undos.push(() => crew.stop());
    await crew.muster();
    this.#startedAt = new Date();
    const watch = this.#admin.watchBudget({ budgetId: BUDGET_ID });
    this.undos.push(() => watch.cancel());
    // Cancelled at the end; before it, an end of the service is told by the process that watches it.
    watch.on('error', () => {});
    watch.on('data', (update: WatchBudgetResponse) => {
      this.#board.watched(update);
      if (this.options.plain) this.#printBars(crew.elapsedMs);
    });
    this.#look();
    const screen = new Screen((columns, rows) => frame(this.#view(crew), columns, rows));
    this.undos.push(() => screen.stop());
    if (!this.options.plain) screen.start();
    await crew.work();
    await this.#lastUpdate(watch);
    this.#board.slots = await listLeases(this.#admin, BUDGET_ID, false);
    screen.stop();
    const proof = await prove(
      { budgetId: BUDGET_ID, http: this.service.http, admin: this.#admin, client: this.#client },
      this.#board,
      this.#journal,
    );
    console.log(proof.lines.join('\n'));
    return proof.balanced;
  }

  /** What happened last is told with the first update that was written after it. */
  async #lastUpdate(watch: ClientReadableStream<WatchBudgetResponse>): Promise<void> {
    const now = Date.now();
    for (let at = 0; at < now; ) {
      const [update] = (await once(watch, 'data')) as [WatchBudgetResponse];
      at = update.observedAt?.getTime() ?? now;
    }
  }

  #crew(): Crew {
    const { seconds } = this.options;
    const board = this.#board;
    return new Crew({
      trace: this.trace,
      assignment: {
        address: this.service.grpc,
        budgetId: BUDGET_ID,
        msPerToken: msPerToken(this.trace.totalTokens, seconds),
        // Longer than any lease or cooldown lasts, shorter than any cap does.
        patienceSeconds: (2 * toMs(this.#policy.leaseTtl) + toMs(this.#policy.cooldown)) / 1_000,
      },
      folder: this.folder,
      journal: this.#journal,
      heard: (aiId, message) => this.#heard(aiId, message),
      leaseEnd: (leaseId) => board.leaseEnd(leaseId),
      killed: (aiId, leaseId) => {
        board.lostLeaseId = leaseId;
        this.#dead.add(aiId);
        board.doing.set(aiId, 'killed with SIGKILL');
        board.say({
          at: new Date(),
          kind: 'killed',
          aiId,
          text: 'with SIGKILL, while it holds a slot and a report is under way',
        });
      },
      restarted: (aiId) => {
        this.#dead.delete(aiId);
        board.say({ at: new Date(), kind: 'restarted', aiId, text: 'with the journal of its earlier life' });
      },
    });
  }

  #heard(aiId: AiId, message: AiMessage): void {
    // The last words of a dead process arrive after it.
    if (!this.#dead.has(aiId)) this.#board.heard(aiId, message);
  }

  /** Renewals are no events, so the ends of the leases are looked at. */
  async #look(): Promise<void> {
    let stopped = false;
    this.undos.push(() => {
      stopped = true;
    });
    while (!stopped) {
      this.#board.slots = await listLeases(this.#admin, BUDGET_ID, false).catch(() => []);
      await sleep(LOOK_MS);
    }
  }

  #view(crew: Crew): View {
    return {
      ...{ board: this.#board, journal: this.#journal, trace: this.trace, dead: this.#dead },
      ...{ elapsedMs: crew.elapsedMs, startedAt: this.#startedAt },
      maxConcurrent: this.#policy.maxConcurrent ?? 0,
      leaseTtlMs: toMs(this.#policy.leaseTtl),
    };
  }

  /** The bars of hour, day and month, now and then. */
  #printBars(elapsedMs: number): void {
    const part = Math.floor((PRINTED_BARS * elapsedMs) / this.trace.durationMs);
    if (part === this.#printedBars) return;
    this.#printedBars = part;
    console.log(windowBars(this.#board, PLAIN_COLUMNS).join('\n'));
  }

  #print(happening: Parameters<typeof happeningLine>[0]): void {
    if (this.options.plain) console.log(happeningLine(happening, this.#startedAt));
  }
}
