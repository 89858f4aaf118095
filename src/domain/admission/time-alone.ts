import { tokensToday } from '../ledger/accounts.js';
import { beyondPacing, dueNow, keptDay, keptHour, others, promisedIn } from '../ledger/kept-windows.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Scope } from '../ledger/scopes.js';
import { type Standing, spentInHour } from '../ledger/standing.js';
import { inWindow, monthInWindow } from '../ledger/topped.js';
import { percentOf } from '../model/percent.js';
import type { Blocker, Denial } from '../model/types.js';
import type { Experience, PastDay } from '../policy/experience.js';
import { dayCap, hourCap, pacedHourCap } from '../policy/pacing.js';
import { daysBefore, monthOfDay } from '../time/calendar.js';
import { admits, aiDailyPercent, unpacedHour } from './rules/caps.js';
import { momentInWindow, momentLater } from './rules/kept-until.js';
import { type Committed, firstDayThatAdmits, firstHourThatAdmits } from './rules/later-windows.js';
import { firstThatAdmits, scopeFigures } from './rules/scope-cap.js';
import { mayBeLifted } from './top-up.js';

/**
 * Until when what was denied just now stays denied whatever others do; undefined if they might help at any moment. Others may give
 * back what is reserved, by a release, and within the grace what was presumed of them; spent tokens, a cooldown and an emergency
 * end with time alone. An operator could help, too: nobody can wait for that.
 */
export function timeAloneUntil(ledger: Ledger, aiId: string, { blockers }: Denial): number | undefined {
  const hope = hopeOf(ledger);
  const ends = blockers.map((blocker) =>
    mayBeLifted(ledger, { aiId }, blocker) ? undefined : endByTime(ledger, aiId, blocker, hope),
  );
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The windows if all of that came back. Nobody knows from which hour or AI: it may be from any. */
interface Hope {
  readonly standing: Standing;
  readonly taken: Committed;
  /** What of today and of the month may come back. */
  readonly presumed: { readonly today: number; readonly month: number };
}

function hopeOf(ledger: Ledger): Hope {
  const { tables, allowance, policy, pace } = ledger;
  const returnable = returnableTokens(ledger);
  const inDay = inWindow(ledger.todayTotals);
  const inHour = spentInHour(ledger);
  const hour = Math.max(0, inHour - returnable.today);
  const day = Math.max(0, inDay - returnable.today);
  const month = Math.max(0, monthInWindow(tables) - returnable.month);
  const otherDays = Math.max(0, month - day);
  const past = pastIfReturned(ledger);
  const ofDay = dayCap(allowance, policy, { ...pace.dayInput(otherDays), past });
  const input = {
    inHour: hour,
    inOtherHours: Math.max(0, inDay - inHour - returnable.today),
    dayCap: ofDay.tokens,
    pace,
  };
  const ofHour = hourCap(allowance, policy, input);
  const standing = {
    pacedHour: ledger.scopes === undefined ? ofHour : pacedHourCap(allowance, policy, input),
    hour: { spent: hour, reserved: 0, cap: ofHour },
    day: { spent: day, reserved: 0, cap: ofDay },
    month: { spent: month, reserved: 0, cap: { tokens: allowance.enforced } },
  };
  return { standing, taken: { month, otherDays, past }, presumed: returnable };
}

/** The less closed days took, the more pacing hopes of those to come. */
function pastIfReturned({ tables, clock, today, pace }: Ledger): Experience['days'] {
  const { days } = pace.experience;
  let hoped: (PastDay | undefined)[] | undefined;
  for (const [day, { presumed, settleUntil }] of tables.days.entries()) {
    if (settleUntil <= clock || presumed === 0 || day >= today.day) continue;
    hoped ??= [...days];
    const at = daysBefore(today.day, days.length).indexOf(day);
    const past = days[at];
    if (past !== undefined) hoped[at] = { ...past, total: Math.max(0, past.total - presumed) };
  }
  return hoped ?? days;
}

/** Presumed tokens that a late release or report may still free, at most. */
function returnableTokens({ tables, clock, today, month }: Ledger): { today: number; month: number } {
  const sums = { today: 0, month: 0 };
  for (const [day, { presumed, settleUntil }] of tables.days.entries()) {
    if (settleUntil <= clock) continue;
    if (day === today.day) sums.today += presumed;
    if (monthOfDay(day) === month.key) sums.month += presumed;
  }
  return sums;
}

function endByTime(
  ledger: Ledger,
  aiId: string,
  blocker: Blocker,
  { standing, taken, presumed }: Hope,
): number | undefined {
  const { allowance, month } = ledger;
  const { requested } = blocker;
  switch (blocker.rule) {
    case 'COOLDOWN':
      return blocker.availableAt;
    case 'EMERGENCY':
      return standing.month.spent >= allowance.grantable ? month.end : undefined;
    case 'HOURLY_CAP':
      if (
        admits(standing.hour, blocker) ||
        isBeyondPacing(ledger, aiId, blocker, { standing, taken, presumed })
      )
        return undefined;
      return firstHourThatAdmits(ledger, requested, taken);
    case 'DAILY_CAP':
      if (admits(standing.day, blocker)) return undefined;
      return firstDayThatAdmits(ledger, (cap) => requested <= cap, taken);
    case 'AI_DAILY_CAP': {
      const share = (cap: number) => percentOf(cap, aiDailyPercent(ledger, aiId));
      const spent = Math.max(0, tokensToday(ledger, aiId) - presumed.today);
      if (spent + requested <= share(standing.day.cap.tokens)) return undefined;
      return firstDayThatAdmits(ledger, (cap) => requested <= share(cap), taken);
    }
    case 'MONTHLY_CAP':
      return admits(standing.month, blocker) ? undefined : month.end;
    case 'TEAM_CAP':
    case 'MODEL_CAP':
      return endOfScopeCap(ledger, blocker, { standing, taken, presumed });
    case 'KEPT_FOR_OTHERS':
      return endOfKept(ledger, aiId, blocker, { standing, taken, presumed });
    default:
      return undefined;
  }
}

/** What is presumed may be of any scope, too. */
function endOfScopeCap(
  ledger: Ledger,
  { rule, scope: id = '', window = 'MONTH', requested }: Blocker,
  { standing, taken, presumed }: Hope,
): number | undefined {
  const scope = (rule === 'TEAM_CAP' ? ledger.scopes?.teams : ledger.scopes?.models)?.get(id);
  if (scope === undefined) return undefined;
  const { spent, cap } = scopeFigures(ledger, standing, scope, window);
  const returnable = window === 'MONTH' ? presumed.month : presumed.today;
  if (Math.max(0, spent - returnable) + requested <= cap.tokens) return undefined;
  return firstThatAdmits(ledger, scope, window, requested, taken);
}

/** What who asks for it would have taken if all came back that may be its own. */
function ownHope(own: Scope | undefined, { presumed }: Hope) {
  const { hour = 0, day = 0 } = own ?? {};
  return { hour: Math.max(0, hour - presumed.today), day: Math.max(0, day - presumed.today) };
}

function isBeyondPacing(ledger: Ledger, aiId: string, { requested }: Blocker, hope: Hope): boolean {
  const own = ledger.scopes?.teamOf(aiId);
  const { standing } = hope;
  if (requested > beyondPacing(ledger, standing, own, ownHope(own, hope))) return false;
  return admits(unpacedHour(ledger, standing), { requested });
}

/** What is kept melts with time alone. If a team gives something back, no less is kept for it than now, and slots are free at once. */
function endOfKept(
  ledger: Ledger,
  aiId: string,
  { window: kind, requested }: Blocker,
  hope: Hope,
): number | undefined {
  const { guarantees, scopes, allowance, clock } = ledger;
  if (guarantees === undefined || kind === undefined || kind === 'MONTH') return undefined;
  const own = scopes?.teamOf(aiId);
  const { standing, taken } = hope;
  const window = (kind === 'HOUR' ? keptHour : keptDay)(ledger, guarantees, standing);
  const ofOwn = ownHope(own, hope);
  if (requested <= promisedIn(ledger, window, own, kind === 'HOUR' ? ofOwn.hour : ofOwn.day))
    return undefined;
  const isDue = kind === 'HOUR' && requested <= dueNow(ledger, standing, own, ofOwn.day);
  const cap = isDue ? allowance.hourlyMax : window.figures.cap.tokens;
  const at = momentInWindow(ledger, window, others(ledger, window, own), cap, requested);
  if (at !== undefined) return at > clock ? at : undefined;
  return momentLater(ledger, kind, { guarantees, own, takenToday: ofOwn.day, requested }, taken);
}
