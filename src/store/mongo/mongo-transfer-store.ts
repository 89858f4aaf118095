import type { UsageDay } from '../../domain/state.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { StoreMark } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import type { MongoClients } from './mongo-clients.js';
import { MongoStore } from './mongo-store.js';
import { runningCopies } from './presence.js';
import { readMark, setMark } from './store-documents.js';
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

  readMark(): Promise<StoreMark | undefined> {
    return this.current((how) => readMark(this.documents, how));
  }

  setMark(mark: StoreMark | undefined): Promise<void> {
    return this.writing(() => setMark(this.documents, mark));
  }

  runningCopies(): Promise<string[]> {
    return this.unlimited(() => runningCopies(this.documents, this.scheduler));
  }
}
