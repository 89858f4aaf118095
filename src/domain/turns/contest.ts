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
  at: number;
}

interface FlowContender<C> extends Contender {
  readonly flow: Flow;
  readonly ais: Heap<AiContender<C>>;
}

/**
 * Says who of those that wait is tried next: of the flow whose turn it is, of the AI in it whose turn it is, the call that has waited
 * longest. Who is denied takes no part any more; who is granted has moved the tags by the time that the next one is asked for.
 */
export class Contest<C extends { readonly order: number }> {
  private readonly flows: Heap<FlowContender<C>>;
  private hasTried = false;

  constructor(
    private readonly turns: Turns,
    flowOf: FlowOf,
    all: Iterable<AiCalls<C>>,
  ) {
    const byFlow = new Map<string, { flow: Flow; ais: AiContender<C>[] }>();
    for (const { aiId, calls } of all) {
      const [first] = calls;
      if (first === undefined) continue;
      const flow = flowOf(aiId);
      const ai = { aiId, calls, at: 0, start: turns.startWithin(flow, aiId), order: first.order };
      const found = byFlow.get(flow.id);
      if (found === undefined) byFlow.set(flow.id, { flow, ais: [ai] });
      else found.ais.push(ai);
    }
    const flows = Array.from(byFlow.values(), ({ flow, ais }) => {
      const heap = new Heap(isBefore, ais);
      return { flow, ais: heap, start: turns.startOf(flow), order: heap.first?.order ?? 0 };
    });
    this.flows = new Heap(isBefore, flows);
  }

  next(): C | undefined {
    if (this.hasTried) this.passOn();
    this.hasTried = true;
    const ai = this.flows.first?.ais.first;
    return ai?.calls[ai.at];
  }

  /**
   * The one that was tried takes its next place, with its next call. The others keep theirs: the largest start served rises to the start
   * of the one that was served, which was the least.
   */
  private passOn(): void {
    const { flows, turns } = this;
    const flow = flows.first;
    const ai = flow?.ais.first;
    if (flow === undefined || ai === undefined) return;
    ai.at += 1;
    const next = ai.calls[ai.at];
    if (next === undefined) flow.ais.dropFirst();
    else {
      ai.order = next.order;
      ai.start = turns.startWithin(flow.flow, ai.aiId);
      flow.ais.moved();
    }
    const first = flow.ais.first;
    if (first === undefined) flows.dropFirst();
    else {
      flow.order = first.order;
      flow.start = turns.startOf(flow.flow);
      flows.moved();
    }
  }
}

function isBefore(one: Contender, other: Contender): boolean {
  return one.start === other.start ? one.order < other.order : one.start < other.start;
}
