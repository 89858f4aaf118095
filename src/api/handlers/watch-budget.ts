import type { WatchUpdate } from '../../arbiter/service-port.js';
import type {
  WatchBudgetRequest,
  WatchBudgetResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered, RequestError } from '../failures/request-error.js';
import { readWatch } from '../read/budget-requests.js';
import type { StreamHandler } from '../service.js';
import { WatchMerger } from '../watch-merger.js';
import { watchMessage } from '../write/watch-update.js';

/**
 * At most one message is under way to a watcher; what happens meanwhile is merged into the next. A budget that is deleted ends the
 * watch, after the last that happened to it.
 */
export const watchBudget: StreamHandler<WatchBudgetRequest, WatchBudgetResponse> = async (
  message,
  stream,
  { servicePort },
) => {
  const { budgetId, afterRevision } = readWatch(message);
  answered(await servicePort.submit(budgetId, { kind: 'get-snapshot' }, stream));
  const merger = new WatchMerger();
  let underWay = false;
  const sendNext = (): void => {
    const update = underWay || stream.gone ? undefined : merger.take();
    if (update === undefined) return;
    underWay = true;
    stream.send(watchMessage(update), () => {
      underWay = false;
      if (update.gone) stream.fail(new RequestError({ reason: 'BUDGET_NOT_FOUND', budgetId }));
      else sendNext();
    });
  };
  const listener = (update: WatchUpdate): void => {
    merger.add(update);
    sendNext();
  };
  const stop = await servicePort.watch(budgetId, listener, afterRevision);
  stream.onGone(stop);
};
