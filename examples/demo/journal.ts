import type { AiMessage, Report } from './ai-messages.js';

/** A report and the answer to it, as the AI heard it. */
export interface Charge {
  readonly aiId: string;
  readonly report: Report;
  readonly tokens: number;
  readonly overrun: number;
  readonly late: boolean;
}

/** What the AIs say that they were charged: one side of the books. The service's own figures are the other. */
export class Journal {
  readonly #charges = new Map<string, Charge>();
  readonly #underWay = new Map<string, { aiId: string; report: Report }>();
  readonly #chargedTwice: string[] = [];
  readonly #repeated = new Set<string>();
  /** Reports that were repeated after a crash, and how the service took them. */
  readonly settled: { readonly usageId: string; readonly how: string }[] = [];

  heard(aiId: string, message: AiMessage): void {
    if (message.kind === 'reporting') {
      this.#underWay.set(message.report.prompt.usageId, { aiId, report: message.report });
    }
    if (message.kind !== 'charged') return;
    const { report, tokens, overrun, late, replayed } = message;
    const { usageId } = report.prompt;
    if (this.#charges.has(usageId) && !replayed) this.#chargedTwice.push(usageId);
    this.#underWay.delete(usageId);
    if (this.#repeated.delete(usageId)) this.settled.push({ usageId, how: settlement(replayed, late) });
    this.#charges.set(usageId, { aiId, report, tokens, overrun, late });
  }

  /** Reports of an AI that died before it heard the answer. */
  unsettled(aiId: string): Report[] {
    const own = [...this.#underWay.values()]
      .filter((entry) => entry.aiId === aiId)
      .map(({ report }) => report);
    for (const { prompt } of own) this.#repeated.add(prompt.usageId);
    return own;
  }

  has(usageId: string): boolean {
    return this.#charges.has(usageId) || this.#underWay.has(usageId);
  }

  get charges(): readonly Charge[] {
    return [...this.#charges.values()];
  }

  get chargedTwice(): readonly string[] {
    return this.#chargedTwice;
  }

  chargesOf(aiId: string): Charge[] {
    return this.charges.filter((charge) => charge.aiId === aiId);
  }
}

export function tokensOf(charges: readonly Charge[]): number {
  return charges.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** The figures of a replay are those of the first answer, so a replay that is not late was booked before the crash. */
function settlement(replayed: boolean, late: boolean): string {
  if (replayed) return 'had been booked already, and was replayed';
  return late ? 'was booked late, out of what was presumed' : 'was booked';
}
