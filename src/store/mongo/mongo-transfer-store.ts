import type { UsageDay } from '../../domain/model/state.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { StoreLabel } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import type { MongoClients } from './mongo-clients.js';
import { MongoStore } from './mongo-store.js';
import { runningCopies } from './presence.js';
import { readLabel, replaceLabel } from './store-documents.js';
import { usageDay, usageDocumentId } from './usage-document.js';
import { READ_MS } from './waits.js';

export class MongoTransferStore extends MongoStore implements TransferStore {
  constructor(
    clients: MongoClients,
    database: string,
    monotonic: () => number,
    readonly place: string,
    private readonly scheduler: Scheduler,
  ) {
    super(clients, database, monotonic);
  }

  listDays(budgetId: string, after: DayPosition | undefined, limit: number): Promise<UsageDay[]> {
    return this.current(async (how) => {
      const $gt = after === undefined ? `${budgetId}:` : usageDocumentId(budgetId, after.epoch, after.day);
      // The sign after the colon ends what begins with the id and a colon.
      const filter = { _id: { $gt, $lt: `${budgetId};` }, budget: budgetId };
      const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
      return (await this.usage.find(filter, options).sort({ _id: 1 }).toArray()).map(usageDay);
    });
  }

  readLabel(): Promise<StoreLabel> {
    return this.current((how) => readLabel(this.documents, how));
  }

  replaceLabel(before: StoreLabel, label: StoreLabel): Promise<boolean> {
    return this.writing(() => replaceLabel(this.documents, before, label));
  }

  runningCopies(): Promise<string[]> {
    return this.unlimited(() => runningCopies(this.documents, this.scheduler));
  }
}
