import { DAY_MS } from '../../domain/denials/denials.js';
import type { DenialDay, DenialHead, DenialRecord, DenialWrite } from '../../domain/denials/records.js';
import { DAY_WRITER, dayOf } from '../../domain/denials/records.js';
import type { DenialStore } from '../denial-store.js';

/** Denials in memory, as copies. */
export class MemoryDenials implements DenialStore {
  private readonly records = new Map<string, DenialRecord>();

  async writeDenials(writes: readonly DenialWrite[]): Promise<void> {
    for (const { head, ais, gone } of structuredClone(writes)) {
      const before = this.records.get(keyOf(head));
      if ((before?.revision ?? -1) >= head.revision) continue;
      const all = new Map([...(before?.ais ?? []), ...ais]);
      for (const name of gone) all.delete(name);
      this.records.set(keyOf(head), { ...head, ais: all });
    }
  }

  async readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]> {
    return this.where(
      (one) => one.budgetId === budgetId && one.epoch === epoch && one.start >= from && one.start < to,
    );
  }

  async recentDenials(since: number, limit: number): Promise<DenialHead[]> {
    const recent = this.where(({ writer, lastAt }) => writer !== DAY_WRITER && lastAt >= since);
    return recent.slice(0, limit).map(({ ais: _, ...head }) => head);
  }

  async unfoldedDenials(before: number, limit: number): Promise<DenialDay[]> {
    const days = new Map<string, DenialDay>();
    for (const { budgetId, epoch, start: at } of this.where(({ writer }) => writer !== DAY_WRITER)) {
      const start = dayOf(at);
      if (start + DAY_MS <= before) days.set(`${budgetId} ${epoch} ${start}`, { budgetId, epoch, start });
    }
    return [...days.values()].slice(0, limit);
  }

  async foldDenials(day: DenialRecord): Promise<void> {
    if (!this.records.has(keyOf(day))) this.records.set(keyOf(day), structuredClone(day));
    for (const [key, one] of this.records) {
      const isOfDay =
        one.budgetId === day.budgetId && one.epoch === day.epoch && dayOf(one.start) === day.start;
      if (isOfDay && one.writer !== DAY_WRITER) this.records.delete(key);
    }
  }

  async tidyDenials(before: number, limit: number): Promise<number> {
    const old = [...this.records].filter(([, { lastAt }]) => lastAt < before).slice(0, limit);
    for (const [key] of old) this.records.delete(key);
    return old.length;
  }

  private where(test: (record: DenialRecord) => boolean): DenialRecord[] {
    return [...this.records.values()].filter(test).map((record) => structuredClone(record));
  }
}

function keyOf({ budgetId, epoch, start, writer }: DenialHead): string {
  return `${budgetId} ${epoch} ${start} ${writer}`;
}
