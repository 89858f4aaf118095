import type { MapOfDay, StoredCount, StoredPresumed, UsageDay } from '../../domain/model/state.js';
import type { CallCount } from '../../domain/model/types.js';
import type { DayPosition } from '../transfer-store.js';
import { dayKey, type Key, keyAfter, keyParts, rangeUnder } from './keys.js';
import type { LmdbFile } from './lmdb-file.js';
import { put } from './value-codec.js';

type Pairs<V> = readonly (readonly [string, V])[];

/** Documents of format 1 do not say their format, nor of which leases they presume anything; later ones may lack parts, and what is topped. */
type StoredDay = Omit<UsageDay, 'format' | MapOfDay> & {
  readonly format?: number;
  readonly ais: Pairs<number>;
  readonly models: Pairs<number>;
  /** Absent where no calls were counted. */
  readonly aiCalls?: Pairs<CallCount>;
  readonly modelCalls?: Pairs<CallCount>;
  readonly pairs?: Pairs<StoredCount>;
  readonly presumedBy?: Pairs<StoredPresumed>;
  readonly parts?: Pairs<number>;
  readonly toppedAis?: Pairs<number>;
  readonly toppedModels?: Pairs<number>;
};

function dayOf({ value }: { readonly value: StoredDay }): UsageDay {
  const { format = 1, ais, models, aiCalls, modelCalls, presumedBy = [], parts = [], ...rest } = value;
  const { toppedAis = [], toppedModels = [], pairs, ...day } = rest;
  return {
    ...{ format, ...day, ais: new Map(ais), models: new Map(models) },
    ...{ presumedBy: new Map(presumedBy), parts: new Map(parts) },
    ...{ toppedAis: new Map(toppedAis), toppedModels: new Map(toppedModels) },
    ...(aiCalls !== undefined && { aiCalls: new Map(aiCalls) }),
    ...(modelCalls !== undefined && { modelCalls: new Map(modelCalls) }),
    ...(pairs !== undefined && { pairs: new Map(pairs) }),
  };
}

/** Usage documents, each written whole; the version in LMDB is the revision, and only a higher one replaces it. */
export class LmdbDays {
  constructor(private readonly file: LmdbFile) {}

  async write(days: readonly UsageDay[]): Promise<void> {
    await Promise.all(days.map((day) => this.writeOne(day)));
  }

  read(budgetId: string, epoch: number, from: string, to: string): UsageDay[] {
    const start = dayKey(budgetId, epoch, from);
    const end = keyAfter(dayKey(budgetId, epoch, to));
    return this.file.view((view) => Array.from(view.range<StoredDay>({ start, end }), dayOf));
  }

  /** Of every epoch, in the order of their keys. */
  list(budgetId: string, after: DayPosition | undefined, limit: number): UsageDay[] {
    const all = rangeUnder('d', budgetId);
    const start = after === undefined ? all.start : keyAfter(dayKey(budgetId, after.epoch, after.day));
    return this.file.view((view) => {
      const listed: UsageDay[] = [];
      for (const entry of view.range<StoredDay>({ start, end: all.end })) {
        if (listed.length >= limit) break;
        listed.push(dayOf(entry));
      }
      return listed;
    });
  }

  async tidy(dayBefore: string, limit: number): Promise<number> {
    let removed = 0;
    for (const key of this.olderThan(dayBefore, limit)) {
      const version = this.file.view((view) => view.version(key));
      // A day that was written again meanwhile stays until the next tidying.
      if (version !== undefined && (await this.file.writeIf(key, version, [{ key }]))) removed += 1;
    }
    return removed;
  }

  private async writeOne(day: UsageDay): Promise<void> {
    const key = dayKey(day.budgetId, day.epoch, day.day);
    const { ais, models, aiCalls, modelCalls, pairs, presumedBy, parts, ...others } = day;
    const { toppedAis, toppedModels, ...rest } = others;
    const stored: StoredDay = {
      ...{ ...rest, ais: [...ais], models: [...models], presumedBy: [...presumedBy], parts: [...parts] },
      ...(aiCalls !== undefined && { aiCalls: [...aiCalls] }),
      ...(modelCalls !== undefined && { modelCalls: [...modelCalls] }),
      ...(pairs !== undefined && { pairs: [...pairs] }),
      ...(toppedAis.size > 0 && { toppedAis: [...toppedAis], toppedModels: [...toppedModels] }),
    };
    const change = put(key, stored, day.revision);
    for (;;) {
      const version = this.file.view((view) => view.version(key));
      if (version !== undefined && version >= day.revision) return;
      if (await this.file.writeIf(key, version, [change])) return;
    }
  }

  /** Skips from budget to budget, so that it reads old days only. */
  private olderThan(dayBefore: string, limit: number): Key[] {
    return this.file.view((view) => {
      const old: Key[] = [];
      const all = rangeUnder('d');
      let start = all.start;
      for (;;) {
        const [key] = view.keys({ start, end: all.end }, 1);
        if (!key || old.length >= limit) return old;
        const [, budgetId = '', epoch = '', day = ''] = keyParts(key, 4);
        if (day < dayBefore) old.push(Buffer.from(key));
        start = day < dayBefore ? keyAfter(Buffer.from(key)) : rangeUnder('d', budgetId, epoch).end;
      }
    });
  }
}
