import type { Api } from './api.js';
import {
  type DenialRowJson,
  type DenialsJson,
  HOUR_MS,
  isDay,
  type Kind,
  spanStart,
} from './denial-figures.js';
import { type DenialRange, daysOf, momentsOf } from './denial-range.js';
import { DAY_MS } from './usage-range.js';

/** Whose denials. */
export interface DenialScope {
  readonly budgetId: string;
  readonly aiId?: string;
  readonly teamId?: string;
}

export interface FoundDenials extends DenialsJson {
  readonly rows: readonly DenialRowJson[];
  readonly range: DenialRange;
  /** The first moments of the spans that a chart shows, each `spanMs` long. */
  readonly axis: readonly number[];
  readonly spanMs: number;
  /** Of the spans whose rows are not all there, what was refused in them. */
  readonly sums: ReadonlyMap<number, Readonly<Record<Kind, number>>>;
  /** There: of what is older, rows are missing. */
  readonly cutAt?: number;
}

const PAGE = 1_000;
/** So many pages are read: 5,000 AIs by hours and rules fit into no table. */
const MOST_PAGES = 5;
const HOURS = 24;

export async function readDenials(api: Api, scope: DenialScope, range: DenialRange): Promise<FoundDenials> {
  const asked = { ...scope, ...momentsOf(range), pageSize: PAGE };
  let found = await api.call<DenialsJson>('ListDenials', asked);
  const rows = [...(found.rows ?? [])];
  for (let page = 1; found.nextPageToken && page < MOST_PAGES; page += 1) {
    found = await api.call<DenialsJson>('ListDenials', { ...asked, pageToken: found.nextPageToken });
    rows.push(...(found.rows ?? []));
  }
  const shown = axisOf(range, found, rows);
  const cutAt = found.nextPageToken ? Date.parse(rows.at(-1)?.start ?? found.to) : undefined;
  const sums = cutAt === undefined ? new Map() : await sumsUpTo(api, scope, shown, cutAt);
  return { ...found, ...shown, rows, range, sums, ...(cutAt !== undefined && { cutAt }) };
}

type Axis = Pick<FoundDenials, 'axis' | 'spanMs'>;

function axisOf(range: DenialRange, { to }: DenialsJson, rows: readonly DenialRowJson[]): Axis {
  const days = range === undefined ? [] : daysOf(range);
  if (days.length > 1 || (days.length === 1 && rows.some(isDay))) return { axis: days, spanMs: DAY_MS };
  const first = days[0] ?? spanStart(Date.parse(to) - 1, HOUR_MS) - (HOURS - 1) * HOUR_MS;
  return { axis: Array.from({ length: HOURS }, (_, at) => first + at * HOUR_MS), spanMs: HOUR_MS };
}

/** The newest rows come first. Of what did not fit a chart shows the sums all the same. */
async function sumsUpTo(api: Api, scope: DenialScope, { axis, spanMs }: Axis, cutAt: number) {
  const sums = new Map<number, Record<Kind, number>>();
  for (const start of axis.filter((each) => each <= cutAt)) {
    const span = { from: new Date(start).toISOString(), to: new Date(start + spanMs).toISOString() };
    const { deniedRequests, wouldDenyRequests } = await api.call<DenialsJson>('ListDenials', {
      ...{ ...scope, ...span, pageSize: 1 },
    });
    sums.set(start, { denied: Number(deniedRequests ?? 0), wouldDeny: Number(wouldDenyRequests ?? 0) });
  }
  return sums;
}
