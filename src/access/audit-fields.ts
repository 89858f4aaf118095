import type { CallerRequest } from '../arbiter/service-port.js';
import type {
  AlertsSilenced,
  AlertView,
  BudgetView,
  FieldViolation,
  OutcomeOf,
  TopUpPut,
} from '../domain/model/outcomes.js';
import type { LeaseView, TopUpView } from '../domain/model/types.js';
import type { LogFields } from '../platform/log.js';

/** What a line of the audit says of a request and of its outcome. */

export type OperatorRequest = Extract<
  CallerRequest,
  {
    kind:
      | 'put-policy'
      | 'pause'
      | 'resume'
      | 'delete-budget'
      | 'revoke'
      | 'adjust'
      | 'add-top-up'
      | 'end-top-up'
      | 'acknowledge-alert'
      | 'silence-alerts'
      | 'reset-clock';
  }
>;

/** What an operator's method is called in the audit. */
export type ActionName = OperatorRequest['kind'];

export const ACTION_MESSAGE = 'an operator action';

/** A caller chose it, and it was found to be none. */
const MOST_OF_AN_ID = 63;
/** More of them say no more. */
const MOST_FIELDS = 16;

export interface RefusedAction {
  readonly action: ActionName;
  readonly who: string;
  readonly budget: string | undefined;
  readonly refusal: string;
  readonly fields: readonly Pick<FieldViolation, 'field'>[];
}

/** Of an action that was refused for what it says: which fields, and not what stood in them. */
export function refusedFields({ action, who, budget, refusal, fields }: RefusedAction): LogFields {
  return {
    ...{ audit: action, principal: who },
    ...(budget === undefined ? {} : { budget: budget.slice(0, MOST_OF_AN_ID) }),
    ...{ outcome: 'refused', refusal },
    ...(fields.length === 0
      ? {}
      : { fields: fields.slice(0, MOST_FIELDS).map(({ field }) => field.slice(0, 128)) }),
  };
}

/** Every kind of request, so that a new one must be told apart here. */
const IS_ACTION: { readonly [K in CallerRequest['kind']]: boolean } = {
  acquire: false,
  renew: false,
  record: false,
  'record-unleased': false,
  release: false,
  'take-up-session': false,
  'get-lease': false,
  'get-availability': false,
  'get-snapshot': false,
  'get-changes': false,
  'put-policy': true,
  pause: true,
  resume: true,
  'delete-budget': true,
  revoke: true,
  adjust: true,
  'add-top-up': true,
  'end-top-up': true,
  'acknowledge-alert': true,
  'silence-alerts': true,
  'reset-clock': true,
};

/** The request, if an operator makes it and it changes something. */
export function actionOf(request: CallerRequest): OperatorRequest | undefined {
  const judgesOnly = request.kind === 'put-policy' && request.validateOnly === true;
  return IS_ACTION[request.kind] && !judgesOnly ? (request as OperatorRequest) : undefined;
}

/** What it acts on beside the budget, and why. */
export function targetFields(request: OperatorRequest): object {
  switch (request.kind) {
    case 'revoke':
      return { lease: request.lease.leaseId, reason: request.reason };
    case 'adjust': {
      const { adjustmentId, tokens, day, aiId, model, reason } = request;
      return { adjustmentId, tokens, day, ai: aiId, model, reason };
    }
    case 'add-top-up':
    case 'end-top-up':
      return { topUp: request.topUpId, reason: request.reason };
    case 'acknowledge-alert':
      return { alert: request.alertId, reason: request.reason };
    case 'silence-alerts':
      return { rules: request.rules, reason: request.reason };
    case 'delete-budget':
      return { force: request.force, reason: request.reason };
    default:
      return { reason: request.reason };
  }
}

function viewedBudget({ etag, policyFields, pause }: BudgetView): object {
  return { etag, policy: policyFields, ...(pause === undefined ? {} : { paused: pause }) };
}

function viewedLease({ status, aiId, reservedTokens, usedTokens, presumedTokens }: LeaseView): object {
  return { state: status, ai: aiId, reservedTokens, usedTokens, presumedTokens };
}

/** Before and after. A budget that was not there before, or is not there after, is `null`. */
export function outcomeFields(request: OperatorRequest, outcome: OutcomeOf[OperatorRequest['kind']]): object {
  switch (outcome.kind) {
    case 'refused':
      return { outcome: 'refused', refusal: outcome.refusal.reason, ...wanted(request) };
    case 'budget':
      return changed(viewedOrNull(outcome.before), viewedBudget(outcome.budget));
    case 'deleted':
      return changed(viewedOrNull(outcome.before), null);
    case 'revoked':
      return changed(viewedLease(outcome.before), viewedLease(outcome.lease));
    case 'adjusted':
      return adjustedFields(outcome, request);
    case 'top-up':
      return toppedUpFields(outcome);
    case 'alert':
      return changed(viewedAlert(outcome.before), viewedAlert(outcome.alert));
    case 'silences':
      return changed(viewedSilences(outcome.before), viewedSilences(outcome.silences));
    case 'clock-reset': {
      const iso = (ms: number) => new Date(ms).toISOString();
      return changed(iso(outcome.before), iso(outcome.after));
    }
  }
}

function viewedAlert({ rule, acknowledged }: AlertView): object {
  return { rule, acknowledged: acknowledged ?? null };
}

function viewedSilences(silences: AlertsSilenced['silences']): object {
  const iso = (ms: number) => new Date(ms).toISOString();
  return Object.fromEntries(Object.entries(silences).map(([rule, { until }]) => [rule, iso(until)]));
}

function changed(before: unknown, after: unknown): object {
  return { outcome: 'done', before, after };
}

function viewedOrNull(budget: BudgetView | undefined): object | null {
  return budget === undefined ? null : viewedBudget(budget);
}

/** What was there before follows: an adjustment is never applied in part. */
function adjustedFields(outcome: OutcomeOf['adjust'], request: OperatorRequest): object {
  if (outcome.kind !== 'adjusted' || request.kind !== 'adjust') return {};
  const { day, dayTotal, replayed } = outcome;
  const after = { day, dayTotal };
  if (replayed) return { outcome: 'replayed', after };
  return { outcome: 'done', before: { day, dayTotal: dayTotal - request.tokens }, after };
}

function toppedUpFields({ before, topUp, replayed }: TopUpPut): object {
  if (replayed) return { outcome: 'replayed', after: viewedTopUp(topUp) };
  return changed(before === undefined ? null : viewedTopUp(before), viewedTopUp(topUp));
}

function viewedTopUp(topUp: TopUpView): object {
  const {
    kind,
    tokens,
    aiId: ai,
    teamId: team,
    month,
    expiresAt,
    endedAt,
    spent,
    reserved,
    takenBack,
  } = topUp;
  const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return {
    ...{ kind, tokens, ai, team, month, expiresAt: iso(expiresAt), endedAt: iso(endedAt) },
    ...(kind === 'OVER_CAPS' ? { spent, reserved } : { takenBack }),
  };
}

/** A policy that was not taken stands in no other line. */
function wanted(request: OperatorRequest): object {
  return request.kind === 'put-policy' ? { asked: request.fields } : {};
}
