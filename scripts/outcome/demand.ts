import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normal, randomFrom } from '../random.js';

/** So many days before the month that is looked at, under the same rule: what is learned in them is what the month goes by. */
export const DAYS_BEFORE = 30;
export const DAYS_OF_MONTH = 30;
const HOURS = 24;
const WEEK_DAYS = 7;
/** A request, where a trace does not say how large its requests are. */
const REQUEST_TOKENS = 20;

/** What is asked for in one hour: requests of their sizes, in order. */
export type Hour = readonly number[];
/** The hours of the days before and of the month. */
export type Demand = readonly Hour[];

export interface DemandKind {
  readonly name: string;
  /** Several: the figures are the mean of these months. `tokens`: what a month asks for, on average over them. */
  readonly months: (tokens: number) => readonly Demand[];
}

/** Its hour is stretched to a month, and comes twice. */
export const AZURE: DemandKind = {
  name: 'a service without nights (Azure code)',
  months: (tokens) => {
    const requests = rows('azure-code/requests.csv');
    const seconds = 1 + Math.max(...requests.map(([second]) => second));
    const month = Array.from({ length: DAYS_OF_MONTH * HOURS }, (): number[] => []);
    for (const [second, size] of requests) month[Math.floor((second / seconds) * month.length)]?.push(size);
    return [scaled([...month, ...month], tokens / sum(requests.map(([, size]) => size)))];
  },
};

/** What is rounded off a request goes to the next one. */
function scaled(hours: Demand, factor: number): Demand {
  let owed = 0;
  return hours.map((requests) => {
    const sizes: number[] = [];
    for (const size of requests) {
      owed += size * factor;
      const whole = Math.floor(owed);
      owed -= whole;
      if (whole > 0) sizes.push(whole);
    }
    return sizes;
  });
}

/** Six months of 30 days after one to learn from, to one scale: some ask for more than others. */
export const TAXIS: DemandKind = {
  name: 'New York taxis, mean of 6 months',
  months: (tokens) => {
    const passengers = rows('nyc-taxi/hourly.csv').map(([, count]) => count);
    const length = DAYS_OF_MONTH * HOURS;
    const six = passengers.slice(length, 7 * length);
    const factor = (6 * tokens) / sum(six);
    return Array.from({ length: 6 }, (_, at) => {
      const hours = passengers.slice(at * length, (at + 2) * length);
      return hours.map((count) => requestsOf(count * factor));
    });
  },
};

/** How office hours are drawn: see `docs/outcome.md`. The spreads are of the logarithm. */
export const OFFICE_HOURS = { from: 7, hours: 11, spreadOfDays: 0.382, spreadOfHours: 0.334, seed: 612 };

/** The first day is a Monday. */
export const OFFICE: DemandKind = {
  name: 'office hours',
  months: (tokens) => {
    const { from, hours: length, spreadOfDays, spreadOfHours, seed } = OFFICE_HOURS;
    const random = randomFrom(seed);
    const times = (spread: number) => Math.exp(spread * normal(random));
    const hours: number[] = [];
    for (let day = 0; day < DAYS_BEFORE + DAYS_OF_MONTH; day += 1) {
      const ofDay = (day % WEEK_DAYS >= 5 ? 0.25 : 1) * times(spreadOfDays);
      for (let hour = 0; hour < HOURS; hour += 1)
        hours.push((hour >= from && hour < from + length ? 1 : 0.1) * ofDay * times(spreadOfHours));
    }
    const factor = tokens / sum(hours.slice(DAYS_BEFORE * HOURS));
    return [hours.map((part) => requestsOf(part * factor))];
  },
};

/** Small ones: a cap is met to a few tokens. */
const SMALL_REQUEST = 4;

/** A month in which everybody always wants more, after one in which nearly nobody wanted anything. */
export function saturating(tokensAnHour: number): DemandKind {
  const full = requestsOf(tokensAnHour, SMALL_REQUEST);
  const hours = (length: number, hour: Hour) => Array.from({ length: length * HOURS }, () => hour);
  const month = [...hours(DAYS_BEFORE, [SMALL_REQUEST]), ...hours(DAYS_OF_MONTH, full)];
  return { name: 'saturating, after a quiet month', months: () => [month] };
}

function requestsOf(tokens: number, size = REQUEST_TOKENS): Hour {
  return Array.from({ length: Math.round(tokens / size) }, () => size);
}

function rows(file: string): [number, number][] {
  const path = join(import.meta.dirname, 'traces', file);
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.split(',').map(Number) as [number, number]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
