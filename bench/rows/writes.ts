import { driveGo, type GoRun } from '../drive/go-driver.js';
import { Budgets } from '../serve/budgets.js';
import type { Place } from '../serve/world.js';
import type { Row } from './row.js';

export const PLACE_NAMES = {
  embedded: 'embedded',
  mongo: 'MongoDB',
  pair: 'MongoDB, two copies',
} as const satisfies Partial<Record<Place, string>>;
type ServicePlace = keyof typeof PLACE_NAMES;

function writes(place: ServicePlace, mode: GoRun['mode'], count: number): Row {
  const budgetsText = count === 1 ? 'one hot budget' : `${count.toLocaleString('en-US')} budgets`;
  return {
    id: `${place}-${mode}${count === 1 ? '' : `-${count}`}`,
    what: `${PLACE_NAMES[place]}: ${mode === 'cycle' ? 'cycle' : 'RecordUsage'}, ${budgetsText}`,
    driver: 'Go',
    limit: `echo-${mode}`,
    needsMongo: place !== 'embedded',
    async open(world) {
      const served = await world.at(place);
      const { addresses, pids } = served;
      const budgets = new Budgets(served, `bench-${mode}`, count);
      await budgets.create();
      const drive = (callers: number, seconds: number) =>
        driveGo({ mode, addresses, callers, seconds, budget: budgets.name, budgets: count });
      return { pids, drive, commits: () => budgets.revisions() };
    },
  };
}

/** What changes a budget. */
export function writeRows(place: ServicePlace): Row[] {
  return [
    writes(place, 'cycle', 1),
    writes(place, 'cycle', 64),
    ...(place === 'pair' ? [] : [writes(place, 'cycle', 1_000), writes(place, 'record', 1)]),
  ];
}
