import { LoadedClients } from '../../test/support/loaded-client.js';
import { startService } from '../../test/support/service.js';
import { median } from '../measure/median.js';
import type { Growth, GrowthLine } from './growth-line.js';
import { runProgram, settingsFor, withStore } from './store-places.js';

const FEW = 1_000;
const MANY = 100_000;
const YEAR_DAYS = 365;
const READS = 150;
const WARM_UP = 30;

type Read = (clients: LoadedClients) => Promise<unknown>;

/** What reading costs after many records, and with a year of history, on the embedded store. */
export async function readingGrowth(): Promise<Growth> {
  return withStore(undefined, async (place) => {
    const where = JSON.stringify(place);
    await runProgram('fill-process', where, 'records', String(FEW));
    await runProgram('fill-process', where, 'records', String(MANY));
    await runProgram('fill-process', where, 'year', String(YEAR_DAYS));
    const service = await startService({ env: settingsFor(place) });
    const clients = new LoadedClients(service.grpcAddress);
    try {
      return linesOf(await byTurns(clients));
    } finally {
      clients.close();
      await service.stop();
    }
  });
}

function distribution(budget_id: string, more: object = {}): Read {
  return (clients) => clients.call('GetDistribution', { budget_id, ...more });
}

function yearReads(): Record<string, Read> {
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  const span = { budget_id: 'year', from_day: day(YEAR_DAYS), to_day: day(0), page_size: 1_000 };
  return {
    'this month': distribution('year'),
    'a month half a year ago': distribution('year', { month: day(183).slice(0, 7) }),
    'ListUsage of the year by day': (clients) => clients.admin('ListUsage', span),
    'ListUsage of the year by AI': (clients) =>
      clients.admin('ListUsage', { ...span, group_by: 'USAGE_GROUPING_AI' }),
  };
}

/** Each read once, then each again: what slows the machine slows them all. */
async function byTurns(clients: LoadedClients): Promise<Map<string, number[]>> {
  const reads: Record<string, Read> = {
    few: distribution(`records-${FEW}`),
    many: distribution(`records-${MANY}`),
    ...yearReads(),
  };
  const times = new Map<string, number[]>(Object.keys(reads).map((name) => [name, []]));
  for (let turn = 0; turn < WARM_UP + READS; turn += 1) {
    for (const [name, read] of Object.entries(reads)) {
      const since = performance.now();
      await read(clients);
      if (turn >= WARM_UP) times.get(name)?.push(performance.now() - since);
    }
  }
  return times;
}

function linesOf(times: ReadonlyMap<string, readonly number[]>): Growth {
  const of = (name: string) => median(times.get(name) ?? []);
  const ratio = of('many') / of('few');
  const what = 'GetDistribution, embedded';
  const year = Object.keys(yearReads()).map((name): GrowthLine => {
    const isList = name.startsWith('ListUsage');
    return {
      what: isList ? `${name}, embedded` : what,
      at: isList ? 'a year of history' : `a year of history, ${name}`,
      unit: 'ms',
      value: of(name),
    };
  });
  return {
    lines: [
      { what, at: `${FEW.toLocaleString('en-US')} records`, unit: 'ms', value: of('few'), ratio: 1 },
      { what, at: `${MANY.toLocaleString('en-US')} records`, unit: 'ms', value: of('many'), ratio },
      ...year,
    ],
    figures: [['distribution', ratio]],
  };
}
