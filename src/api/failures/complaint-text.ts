import type { FieldViolation } from '../../domain/model/outcomes.js';
import type { LeaseView } from '../../domain/model/types.js';
import { inUnit, withUnit } from '../../domain/model/unit.js';
import { amount, moment } from '../../domain/model/wording.js';
import { messageFits } from './header-size.js';
import type { Complaint } from './request-error.js';

/** What is wrong with a request, and what its caller can do about it. */
export function complaintText(complaint: Complaint): string {
  switch (complaint.reason) {
    case 'MALFORMED_MESSAGE':
      if (complaint.detail !== undefined) return complaint.detail;
      return `the bytes are not a ${complaint.typeName}: build the client from the proto files of this service`;
    case 'UNKNOWN_SERVICE':
      return `this server has no service ${quoted(complaint.service)}; an empty name asks for the whole server`;
    case 'SESSION_TAKEN_UP':
      return (
        'another stream has taken this session up, and its leases: go on with that one; ' +
        'what was spent here can still be reported with RecordUsage'
      );
    case 'BUDGET_NOT_FOUND':
      return `there is no budget ${quoted(complaint.budgetId)}: check the id, or create it with CreateBudget`;
    case 'BUDGET_EXISTS':
      return `there is a budget ${quoted(complaint.budgetId)} already: change it with UpdateBudget`;
    case 'LEASE_NOT_FOUND':
      return (
        'this lease was never granted, closed more than 7 days ago, or granted after the backup that was restored: ' +
        'report what it spent as unleased usage'
      );
    case 'LEASE_CLOSED':
      return leaseClosed(complaint.lease);
    case 'ID_REUSED':
      if (complaint.field === 'lease_id') {
        return (
          `lease ${quoted(complaint.id)} was released before with other usage, or with none: ` +
          'report further usage with RecordUsage, or repeat the release unchanged'
        );
      }
      return (
        `${complaint.field} ${quoted(complaint.id)} was used before with other content: ` +
        'take a new id for a new request, or repeat the old request unchanged'
      );
    case 'ETAG_MISMATCH':
      if (complaint.current === '') {
        return 'there is no budget that could have this etag, or no longer: leave the etag out to create it';
      }
      return (
        `the policy has changed since this etag was read; it is now ${quoted(complaint.current)}: ` +
        'read the budget again, and repeat the change with its etag'
      );
    case 'USAGE_REPORTED':
      return (
        `lease ${quoted(complaint.lease.leaseId)} has ${withUnit(complaint.unit, complaint.lease.usedTokens)} of usage: ` +
        'it cannot be given back as unused; release it without UNREPORTED_UNUSED'
      );
    case 'LEASES_LIVE':
      return `${amount(complaint.count)} leases are live: wait until they end, or set force to revoke them`;
    default:
      return amountOrCapacity(complaint);
  }
}

function amountOrCapacity(complaint: Complaint): string {
  switch (complaint.reason) {
    case 'REPORT_TOO_LARGE':
      return (
        `the report charges ${withUnit(complaint.unit, complaint.charge)}, ` +
        `above max_report_tokens, ${inUnit(complaint.unit, complaint.limit)}: ` +
        'split it into reports with a usage id each, or let an operator bring it in with AdjustUsage'
      );
    case 'AMOUNT_OVERFLOW':
      return (
        'with this a sum would pass what is counted exactly (2^53 - 1 tokens; reservations may come to half of that): ' +
        'lower it'
      );
    case 'BELOW_ZERO':
      return `only ${withUnit(complaint.unit, complaint.available)} of ${complaint.of} can be taken away: adjust by less`;
    case 'UNIT_IN_USE':
      return unitInUse(complaint);
    case 'TOP_UP_NOT_FOUND':
      return (
        `there is no top-up ${quoted(complaint.topUpId)}, or it was added over 7 days ago and has ended: ` +
        'ListTopUps has those in force'
      );
    case 'ALERT_NOT_FOUND':
      return (
        `there is no alert ${quoted(complaint.alertId)} of this budget, or it ended over 72 hours ago: ` +
        'ListAlerts has those that hold'
      );
    case 'TOO_MANY_TOP_UPS':
      return `${complaint.most} top-ups of this budget have not ended: end one with EndTopUp first`;
    case 'STATE_FULL':
      return (
        `the state of this budget is full (${amount(complaint.bytes)} bytes), so nothing new is granted until ` +
        'usage is written out or AIs age out; renewals, reports and releases go on'
      );
    case 'OUTBOX_FULL':
      return 'the store is behind with writing receipts: repeat the call with the same ids in a second';
    case 'CLOCK_NOT_TRUSTED':
      return clockNotTrusted(complaint);
    default:
      return complaint.reason;
  }
}

function unitInUse({ unit, asked, month, topUpId }: Complaint & { reason: 'UNIT_IN_USE' }): string {
  const unused =
    topUpId === undefined
      ? 'a lease lives: wait until none does'
      : `it has the top-up ${quoted(topUpId)}: wait until that has ended and its leases are over`;
  const until =
    month === undefined
      ? unused
      : `${month} has usage: wait until that is older than the retention, or create a budget for ${asked} beside it`;
  return `this budget counts ${unit} and cannot count ${asked} now, since ${until}`;
}

function clockNotTrusted({ detail, needsAllBudgets }: Complaint & { reason: 'CLOCK_NOT_TRUSTED' }): string {
  if (needsAllBudgets) {
    return (
      `the clock is not trusted (${detail}), and to believe it concerns every budget: ` +
      'have an operator over all of them (budgets "*") call ResetClock, or repeat this once it is trusted'
    );
  }
  return (
    `nothing is granted while the clock is not trusted (${detail}); reports and releases go on. ` +
    'If the time is right now, an operator over all budgets can call ResetClock'
  );
}

function leaseClosed({ leaseId, status, closedAt }: LeaseView): string {
  const since = closedAt === undefined ? '' : ` since ${moment(closedAt)}`;
  return (
    `lease ${quoted(leaseId)} is ${status}${since}: ask for a new slot under a new request id; ` +
    'what was spent on this one can still be reported with RecordUsage'
  );
}

/** Every violation in full, as many as a header holds, since many clients show nothing but the message. */
export function violationsText(complaint: Complaint, violations: readonly FieldViolation[]): string {
  const [first, ...others] = violations.map(({ field, description }) => `${field}: ${description}`);
  let text = first ?? complaint.reason;
  for (const [index, next] of others.entries()) {
    const longer = `${text}; ${next}`;
    if (!messageFits(longer)) return `${text}; and ${others.length - index} more`;
    text = longer;
  }
  return text;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 160));
}
