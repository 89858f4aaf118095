import type { AiMessage, Report } from './ai-messages.js';

/** A report and the answer to it, as the AI heard it. */
export interface Charge {
  readonly aiId: string;
  readonly report: Report;
  readonly tokens: number;
}

/** What the AIs say that they were charged: one side of the books. The service's own figures are the other. */
export class Journal {
  readonly #charges = new Map<string, Charge>();
  readonly #underWay = new Map<string, { readonly aiId: string; readonly report: Report }>();
  readonly #chargedTwice: string[] = [];

  heard(aiId: string, message: AiMessage): void {
    if (message.kind === 'reporting') {
      this.#underWay.set(message.report.prompt.usageId, { aiId, report: message.report });
    }
    if (message.kind === 'charged') this.#charge({ aiId, report: message.report, tokens: message.tokens });
  }

  #charge(charge: Charge): void {
    const { usageId } = charge.report.prompt;
    if (this.#charges.has(usageId)) this.#chargedTwice.push(usageId);
    this.#underWay.delete(usageId);
    this.#charges.set(usageId, charge);
  }

  /** Those whose AI died before it heard the answer. */
  get unheard(): readonly Report[] {
    return [...this.#underWay.values()].map(({ report }) => report);
  }

  /** An answer that its AI did not live to hear, as the lease tells it. */
  settle(report: Report): void {
    const { aiId } = this.#underWay.get(report.prompt.usageId) ?? {};
    if (aiId !== undefined) this.#charge({ aiId, report, tokens: costOf(report) });
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

/** The demo's policy weighs every token 1. */
export function costOf({ prompt }: Report): number {
  return prompt.inputTokens + prompt.outputTokens;
}
