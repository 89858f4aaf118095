import type { Flow, FlowOf } from './flow.js';
import { Heap } from './heap.js';
import type { Turns } from './turns.js';

/** Calls of one AI that wait, in their order. */
export interface AiCalls<C> {
  readonly aiId: string;
  readonly calls: readonly C[];
}

interface Contender {
  start: bigint;
  /** Of the call that it would be served by: ties go to the one that has waited longest. */
  order: number;
}

interface AiContender<C> extends Contender, AiCalls<C> {
  readonly flow: Flow;
  call: C;
}

/** AIs of one flow. */
interface SharedContender<C> extends Contender {
  readonly ais: Heap<AiContender<C>>;
}

/**
 * Says who of those that wait is tried next: of the flow whose turn it is, of the AI in it whose turn it is, the call that has waited
 * longest. Who is denied takes no part any more; who is granted has moved the tags by the time that the next one is asked for.
 */
export class Contest<C extends { readonly order: number }> {
  private readonly flows: Heap<AiContender<C> | SharedContender<C>>;
  private hasTried = false;

  constructor(
    private readonly turns: Turns,
    flowOf: FlowOf,
    all: Iterable<AiCalls<C>>,
    /** Whether a call can be tried at all. */
    private readonly isThere: (call: C) => boolean,
  ) {
    const flows: (AiContender<C> | SharedContender<C>)[] = [];
    const shared = new Map<string, AiContender<C>[]>();
    for (const { aiId, calls } of all) {
      const call = this.callAfter(calls, 0);
      if (call === undefined) continue;
      const flow = flowOf(aiId);
      const start = flow.shared ? turns.startWithin(flow, aiId) : turns.startOf(flow);
      const ai = { aiId, calls, flow, call, start, order: call.order };
      const found = shared.get(flow.id);
      if (!flow.shared) flows.push(ai);
      else if (found === undefined) shared.set(flow.id, [ai]);
      else found.push(ai);
    }
    for (const of of shared.values()) {
      const ais = new Heap(isBefore, of);
      const { first } = ais;
      if (first !== undefined) flows.push({ ais, start: turns.startOf(first.flow), order: first.order });
    }
    this.flows = new Heap(isBefore, flows);
  }

  next(): C | undefined {
    if (this.hasTried) this.passOn();
    this.hasTried = true;
    const { first } = this.flows;
    return first !== undefined && 'ais' in first ? first.ais.first?.call : first?.call;
  }

  private callAfter(calls: readonly C[], order: number): C | undefined {
    for (const call of calls) if (call.order > order && this.isThere(call)) return call;
    return undefined;
  }

  /**
   * The one that was tried takes its next place, with its next call. The others keep theirs: the largest start served rises to the start
   * of the one that was served, which was the least.
   */
  private passOn(): void {
    const { flows, turns } = this;
    const { first } = flows;
    if (first === undefined) return;
    if (!('ais' in first)) {
      this.passOnIn(flows as Heap<AiContender<C>>, first, turns.startOf(first.flow));
      return;
    }
    const { ais } = first;
    if (ais.first !== undefined) {
      const { flow, aiId } = ais.first;
      first.start = turns.startOf(flow);
      this.passOnIn(ais, ais.first, turns.startWithin(flow, aiId));
    }
    if (ais.first === undefined) flows.dropFirst();
    else {
      first.order = ais.first.order;
      flows.moved();
    }
  }

  private passOnIn(heap: Heap<AiContender<C>>, ai: AiContender<C>, start: bigint): void {
    const call = this.callAfter(ai.calls, ai.order);
    if (call === undefined) {
      heap.dropFirst();
      return;
    }
    Object.assign(ai, { call, order: call.order, start });
    heap.moved();
  }
}

function isBefore(one: Contender, other: Contender): boolean {
  return one.start === other.start ? one.order < other.order : one.start < other.start;
}
