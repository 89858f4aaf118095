import type { Guarantees } from '../../ledger/guarantees.js';
import {
  dueNow,
  isBesideAll,
  type KeptWindow,
  keptDay,
  keptForOthers,
  keptHour,
  others,
  promisedIn,
  takenIn,
} from '../../ledger/kept-windows.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Scope } from '../../ledger/scopes.js';
import type { Standing } from '../../ledger/standing.js';
import type { Blocker } from '../../model/types.js';
import { inUnit } from '../../model/unit.js';
import { freeOf, kept, sumKept } from '../../policy/kept.js';
import type { AdmissionCap, Demand } from './caps.js';
import { momentInWindow, momentLater } from './kept-until.js';
import { committed } from './later-windows.js';

/** What the hour keeps of its cap, as it is paced, for the teams that are guaranteed a part of it. */
export const keptInHour: AdmissionCap = keptIn('HOUR', keptHour);

/** The same of the day's cap in force. */
export const keptInDay: AdmissionCap = keptIn('DAY', keptDay);

function keptIn(
  kind: KeptWindow['kind'],
  windowOf: (ledger: Ledger, guarantees: Guarantees, standing: Standing) => KeptWindow,
): AdmissionCap {
  return {
    leaves: (ledger, standing, { aiId }) => {
      const { guarantees } = ledger;
      if (guarantees === undefined || guarantees.ofCaps.length === 0) return Number.POSITIVE_INFINITY;
      return free(ledger, standing, windowOf(ledger, guarantees, standing), ledger.scopes?.teamOf(aiId));
    },
    refuses: (ledger, standing, { aiId }, demand) => {
      const { guarantees } = ledger;
      if (guarantees === undefined || guarantees.ofCaps.length === 0) return undefined;
      if (isBesideAll(guarantees, kind, standing, demand.requested)) return undefined;
      const window = windowOf(ledger, guarantees, standing);
      const own = ledger.scopes?.teamOf(aiId);
      const mostFree = free(ledger, standing, window, own);
      if (demand.requested <= mostFree) return undefined;
      return keptBlocker(ledger, standing, window, { own, aiId, demand, mostFree });
    },
  };
}

/** The most that a team, or an AI in none, may ask for. Infinite where nothing is kept for others. */
function free(ledger: Ledger, standing: Standing, window: KeptWindow, own: Scope | undefined): number {
  const keptTokens = keptForOthers(ledger, window, own);
  if (keptTokens === 0) return Number.POSITIVE_INFINITY;
  const { spent, reserved, cap } = window.figures;
  const most = freeOf(cap.tokens - spent - reserved, keptTokens, promisedIn(ledger, window, own));
  if (window.kind === 'DAY' || cap.loweredBy === undefined) return most;
  const unpaced = ledger.allowance.hourlyMax - spent - reserved - keptTokens;
  return Math.max(most, Math.min(dueNow(ledger, standing, own), unpaced));
}

interface Refused {
  readonly own: Scope | undefined;
  readonly aiId: string;
  readonly demand: Demand;
  readonly mostFree: number;
}

function keptBlocker(ledger: Ledger, standing: Standing, keptWindow: KeptWindow, refused: Refused): Blocker {
  const { kind, window, figures } = keptWindow;
  const { own, aiId, demand, mostFree } = refused;
  const { requested, inAll } = demand;
  const { spent, reserved } = figures;
  const teams = others(ledger, keptWindow, own);
  const keeps = teams.filter((team) => kept(team, window, ledger.clock) > 0);
  const tokens = sumKept(keeps, window, ledger.clock);
  const isDue = kind === 'HOUR' && requested <= dueNow(ledger, standing, own);
  const cap = isDue ? ledger.allowance.hourlyMax : figures.cap.tokens;
  const { guarantees } = keptWindow;
  const takenToday = own === undefined ? 0 : takenIn(ledger, 'DAY', own);
  const later = (asked: number) =>
    momentLater(ledger, kind, { guarantees, own, takenToday, requested: asked }, committed(ledger));
  const availableAt = momentInWindow(ledger, keptWindow, teams, cap, requested) ?? later(requested);
  const permanent = availableAt === undefined || (inAll > requested && later(inAll) === undefined);
  const { unit } = ledger.policy;
  const free = inUnit(unit, Math.max(0, mostFree));
  return {
    ...{ rule: 'KEPT_FOR_OTHERS', window: kind, ...(own && { scope: own.id }) },
    limit: Math.max(0, cap - tokens),
    spent,
    reserved,
    requested,
    message:
      `${inUnit(unit, tokens)} ${tokens === 1 ? 'is' : 'are'} kept for ${listed(keeps.map(({ teamId }) => teamId))}` +
      `${kind === 'HOUR' ? ' this hour' : ''}; ${free} are free for ${own?.id ?? aiId} now` +
      (permanent ? '; no window admits as much: ask for less' : ''),
    ...(permanent ? { permanent } : { availableAt }),
  };
}

const MOST_LISTED = 3;

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 other teams`. */
export function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  const shown =
    more > 0 ? [...names.slice(0, MOST_LISTED), `${more} other ${more === 1 ? 'team' : 'teams'}`] : names;
  const last = shown.at(-1) ?? '';
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${last}` : last;
}
