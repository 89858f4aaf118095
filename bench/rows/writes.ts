import { driveGo } from '../drive/go-driver.js';
import { Budgets } from '../serve/budgets.js';
import type { Place } from '../serve/world.js';
import { STREAM_WINDOW } from './echo.js';
import type { Row } from './row.js';

export const PLACE_NAMES = {
  embedded: 'embedded',
  mongo: 'MongoDB',
  pair: 'MongoDB, two replicas',
} as const satisfies Partial<Record<Place, string>>;
const NAMES = { cycle: 'cycle', record: 'RecordUsage', session: 'RecordUsage in sessions' } as const;
type Mode = keyof typeof NAMES;
type ServicePlace = keyof typeof PLACE_NAMES;

function writes(place: ServicePlace, mode: Mode, count: number): Row {
  const budgetsText = count === 1 ? 'one hot budget' : `${count.toLocaleString('en-US')} budgets`;
  return {
    id: `${place}-${mode}${count === 1 ? '' : `-${count}`}`,
    what: `${PLACE_NAMES[place]}: ${NAMES[mode]}, ${budgetsText}`,
    driver: 'Go',
    limit: mode === 'session' ? 'echo-stream' : `echo-${mode}`,
    needsMongo: place !== 'embedded',
    async open(world) {
      const served = await world.at(place);
      const { addresses, pids } = served;
      const budgets = new Budgets(served, `bench-${mode}`, count);
      await budgets.create();
      const drive = (callers: number, seconds: number) => {
        const window = mode === 'session' ? Math.max(1, STREAM_WINDOW / callers) : 1;
        return driveGo({ mode, addresses, callers, seconds, window, budget: budgets.name, budgets: count });
      };
      return { pids, drive, commits: () => budgets.revisions() };
    },
  };
}

/** What changes a budget. */
export function writeRows(place: ServicePlace): Row[] {
  return [
    writes(place, 'cycle', 1),
    writes(place, 'cycle', 64),
    ...(place === 'pair'
      ? []
      : [writes(place, 'cycle', 1_000), writes(place, 'record', 1), writes(place, 'session', 1)]),
  ];
}
