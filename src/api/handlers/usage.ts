import type { LeaseView, UsageReport } from '../../domain/model/types.js';
import type {
  GetDistributionRequest,
  GetDistributionResponse,
  RecordUsageRequest,
  RecordUsageResponse,
  ReleaseRequest,
  ReleaseResponse,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import type { Log } from '../../platform/log.js';
import { answered, unlessRefused } from '../failures/request-error.js';
import { readDistribution } from '../read/slot-requests.js';
import { readRecord, readRelease } from '../read/usage-requests.js';
import type { UnaryHandler } from '../service.js';
import { distributionMessage } from '../write/distribution.js';
import { leaseMessage } from '../write/lease.js';

export const recordUsage: UnaryHandler<RecordUsageRequest, RecordUsageResponse> = async (
  message,
  caller,
  { servicePort, log },
) => {
  const { budgetId, request } = readRecord(message);
  const outcome = answered(await servicePort.submit(budgetId, request, caller));
  const { chargedTokens, overrunTokens, late, replayed, lease } = outcome;
  if (!replayed) {
    logFailure(
      log,
      request.usage,
      budgetId,
      request.kind === 'record-unleased' ? request.aiId : lease?.aiId,
      lease,
    );
  }
  return { chargedTokens, overrunTokens, late, replayed, lease: lease && leaseMessage(lease) };
};

export const release: UnaryHandler<ReleaseRequest, ReleaseResponse> = async (
  message,
  caller,
  { servicePort, log, session },
) => {
  const request = readRelease(message, session);
  const { budgetId, leaseId } = request.lease;
  const outcome = answered(await servicePort.submit(budgetId, request, caller));
  const { usedTokens, freedTokens, overrunTokens, replayed } = outcome;
  if (!replayed && request.usage !== undefined) {
    logFailure(log, request.usage, budgetId, undefined, { leaseId });
  }
  return { usedTokens, freedTokens, overrunTokens, replayed };
};

/** The log is the only place that keeps what an AI says about a call that failed. */
function logFailure(
  log: Log,
  usage: UsageReport,
  budget: string,
  ai: string | undefined,
  lease: Pick<LeaseView, 'leaseId'> | undefined,
): void {
  if (!usage.failed && usage.errorMessage === '') return;
  const { usageId, model, requestType, errorMessage } = usage;
  log.info(
    { budget, ai, lease: lease?.leaseId, usageId, model, requestType, errorMessage },
    'an LLM call failed',
  );
}

export const getDistribution: UnaryHandler<GetDistributionRequest, GetDistributionResponse> = async (
  message,
  caller,
  services,
) => {
  const { budgetId, request } = readDistribution(message);
  const answer = await services.getDistribution(services.servicePort, budgetId, request, caller);
  return { distributionStats: distributionMessage(unlessRefused(answer).stats) };
};
