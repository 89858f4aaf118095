import type { AiDenials } from '../../domain/denials/denials.js';
import { DAY_MS } from '../../domain/denials/denials.js';
import {
  DAY_WRITER,
  type DenialDay,
  type DenialHead,
  type DenialRecord,
  type DenialWrite,
  dayOf,
} from '../../domain/denials/records.js';
import type { DenialPosition, DenialStore } from '../denial-store.js';
import {
  aiDenialKey,
  aiDenialRange,
  denialKey,
  denialRange,
  type Key,
  keyAfter,
  keyParts,
  rangeUnder,
} from './keys.js';
import type { LmdbFile, LmdbView } from './lmdb-file.js';
import { type Change, put } from './value-codec.js';

/** Where a key of a head points to. */
interface Place extends DenialPosition {
  readonly budgetId: string;
}

/** Denials: a value for each head, and one for each AI, so that a write puts down what changed, and no more. */
export class LmdbDenials implements DenialStore {
  constructor(private readonly file: LmdbFile) {}

  async writeDenials(writes: readonly DenialWrite[]): Promise<void> {
    await Promise.all(writes.map((write) => this.writeOne(write)));
  }

  private async writeOne({ head, ais, gone }: DenialWrite): Promise<void> {
    const { budgetId } = head;
    const key = denialKey(budgetId, head);
    const changes: Change[] = [put(key, head, head.revision)];
    for (const [aiId, ai] of ais) changes.push(put(aiDenialKey(budgetId, head, aiId), ai));
    for (const aiId of gone) changes.push({ key: aiDenialKey(budgetId, head, aiId) });
    for (;;) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined && version >= head.revision) return;
      if (await this.file.writeIf(key, version, changes)) return;
    }
  }

  async readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]> {
    return this.file.view((view) => {
      const range = denialRange(budgetId, epoch, from, to);
      const heads = Array.from(view.range<DenialHead>(range), ({ value }) => value);
      return heads.map((head) => recordOf(view, head));
    });
  }

  /** In the order of their keys. */
  list(budgetId: string, after: DenialPosition | undefined, limit: number): DenialRecord[] {
    const all = rangeUnder('n', budgetId);
    const start = after === undefined ? all.start : keyAfter(denialKey(budgetId, after));
    return this.file.view((view) => {
      const heads: DenialHead[] = [];
      for (const { value } of view.range<DenialHead>({ start, end: all.end })) {
        if (heads.length >= limit) break;
        heads.push(value);
      }
      return heads.map((head) => recordOf(view, head));
    });
  }

  async recentDenials(since: number, limit: number): Promise<DenialHead[]> {
    return this.file.view((view) => {
      const recent: DenialHead[] = [];
      for (const { budgetId, epoch } of this.epochs(view)) {
        // What was refused since began no earlier than its hour.
        const range = denialRange(budgetId, epoch, since - DAY_MS / 24, Number.MAX_SAFE_INTEGER);
        for (const { value } of view.range<DenialHead>(range)) {
          if (recent.length >= limit) return recent;
          if (value.writer !== DAY_WRITER && value.lastAt >= since) recent.push(value);
        }
      }
      return recent;
    });
  }

  async unfoldedDenials(before: number, limit: number): Promise<DenialDay[]> {
    return this.file.view((view) => {
      const days: DenialDay[] = [];
      for (const { budgetId, epoch } of this.epochs(view)) {
        let known: number | undefined;
        for (const key of view.keys(denialRange(budgetId, epoch, 0, dayOf(before)))) {
          if (days.length >= limit) return days;
          const { writer, start: at } = placeOf(key);
          const start = dayOf(at);
          if (writer === DAY_WRITER || start === known) continue;
          known = start;
          days.push({ budgetId, epoch, start });
        }
      }
      return days;
    });
  }

  async foldDenials(day: DenialRecord): Promise<void> {
    const { ais, ...head } = day;
    await this.writeOne({ head, ais, gone: [] });
    const { budgetId, epoch, start } = day;
    const hours = this.file.view((view) =>
      Array.from(view.keys(denialRange(budgetId, epoch, start, start + DAY_MS)), placeOf),
    );
    for (const hour of hours) if (hour.writer !== DAY_WRITER) await this.remove(hour, () => true);
  }

  async tidyDenials(before: number, limit: number): Promise<number> {
    let removed = 0;
    for (const place of this.olderThan(before, limit))
      if (await this.remove(place, ({ lastAt }) => lastAt < before)) removed += 1;
    return removed;
  }

  /** What began long ago; nothing that began later can be that old. */
  private olderThan(before: number, limit: number): Place[] {
    return this.file.view((view) => {
      const old: Place[] = [];
      for (const { budgetId, epoch } of this.epochs(view)) {
        for (const { key, value } of view.range<DenialHead>(denialRange(budgetId, epoch, 0, before))) {
          if (old.length >= limit) return old;
          if (value.lastAt < before) old.push(placeOf(key));
        }
      }
      return old;
    });
  }

  private async remove(place: Place, isOld: (head: DenialHead) => boolean): Promise<boolean> {
    const key = denialKey(place.budgetId, place);
    const found = this.file.view((view) => {
      const head = view.get<DenialHead>(key);
      if (head === undefined || !isOld(head.value)) return undefined;
      const keys = Array.from(view.keys(aiDenialRange(place.budgetId, place)), (one) => Buffer.from(one));
      return { version: head.version, keys };
    });
    if (found === undefined) return false;
    return this.file.writeIf(key, found.version, [{ key }, ...found.keys.map((one) => ({ key: one }))]);
  }

  /** Every budget's epochs: skips from one to the next. */
  private *epochs(view: LmdbView): Iterable<{ readonly budgetId: string; readonly epoch: number }> {
    const all = rangeUnder('n');
    let { start } = all;
    for (;;) {
      const [key] = view.keys({ start, end: all.end }, 1);
      if (key === undefined) return;
      const { budgetId, epoch } = placeOf(key);
      yield { budgetId, epoch };
      start = rangeUnder('n', budgetId, String(epoch)).end;
    }
  }
}

function placeOf(key: Uint8Array): Place {
  const [, budgetId = '', epoch = '', start = '', writer = ''] = keyParts(key, 5);
  return { budgetId, epoch: Number(epoch), start: Number(start), writer };
}

function recordOf(view: LmdbView, head: DenialHead): DenialRecord {
  const ais = new Map<string, AiDenials>();
  for (const { key, value } of view.range<AiDenials>(aiDenialRange(head.budgetId, head)))
    ais.set(keyParts(key as Key, 6)[5] ?? '', value);
  return { ...head, ais };
}
