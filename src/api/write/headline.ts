import type {
  Headline as HeadlineView,
  HeadlineStatus as StatusName,
} from '../../domain/statistics/headline.js';
import { type Headline, HeadlineStatus, Rule } from '../../gen/budgetarbiter/v1/budget.js';
import { ruleMessage } from './denial.js';
import { optionalDate } from './time.js';

const STATUSES: { readonly [S in StatusName]: HeadlineStatus } = {
  OK: HeadlineStatus.HEADLINE_STATUS_OK,
  UNEVEN: HeadlineStatus.HEADLINE_STATUS_UNEVEN,
  ENDING: HeadlineStatus.HEADLINE_STATUS_ENDING,
  FULL: HeadlineStatus.HEADLINE_STATUS_FULL,
  REFUSING: HeadlineStatus.HEADLINE_STATUS_REFUSING,
  PAUSED: HeadlineStatus.HEADLINE_STATUS_PAUSED,
};

export function optionalHeadline(view: HeadlineView | undefined): Headline | undefined {
  if (view === undefined) return undefined;
  const { status, text, observed = '', until, rule, ais, perMinute } = view;
  return {
    ...{ status: STATUSES[status], text, observedText: observed, until: optionalDate(until), ais },
    rule: rule === undefined ? Rule.RULE_UNSPECIFIED : ruleMessage(rule),
    denialsPerMinute: perMinute,
  };
}
