import type { WorkProgress } from '../platform/work-progress.js';
import type { BudgetSink } from './read-budget.js';

/** Counts documents on their way, and tells how far that is. A state is one, and so is a receipt, a day, a record. */
export class PassedDocuments {
  count = 0;

  constructor(private readonly progress: WorkProgress) {}

  add(documents: number): void {
    this.count += documents;
    this.progress.reach(this.count);
  }

  /** Those of an attempt that is made again do not count. */
  backTo(count: number): void {
    this.count = count;
    this.progress.reach(count);
  }

  into(sink: BudgetSink): BudgetSink {
    return {
      days: (days) => this.after(sink.days(days), days.length),
      receipts: (receipts) => this.after(sink.receipts(receipts), receipts.length),
      denials: (denials) => this.after(sink.denials(denials), denials.length),
      changes: (changes) => this.after(sink.changes(changes), changes.length),
      state: (state) => this.after(sink.state(state), 1),
    };
  }

  private async after(taken: Promise<void>, documents: number): Promise<void> {
    await taken;
    this.add(documents);
  }
}
