import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normal, randomFrom } from '../random.js';
import type { SampleModel, Scene } from './scenes.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_DAYS = 7;
/** The first hour of the taxis is of a Tuesday. */
const FIRST_WEEK_DAY = 2;
const TRACES = join(import.meta.dirname, '../outcome/traces');
const FAILING = 0.015;
const CRASHING = 0.003;
const WITHOUT_SLOT = 0.04;
/** Of a request, which the trace does not tell apart. */
const OUTPUT_PART = 0.12;
const OWN_MODEL = 0.75;

/** One call to a model, as it is asked for and reported. */
export interface Call {
  readonly at: number;
  readonly aiId: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  /** What it costs, as its budget counts. */
  readonly amount: number;
  readonly failed: boolean;
  /** CRASH: its slot runs out, and nobody reports. UNLEASED: it went round the service. */
  readonly kind: 'SLOT' | 'CRASH' | 'UNLEASED';
}

/** Calls of a budget in order, by the nights and days of taxis and the sizes of requests to a service for code. */
export function callsOf(scene: Scene, from: number, until: number, seed: number): Call[] {
  const random = randomFrom(seed);
  const hours = column('nyc-taxi/hourly.csv');
  const sizes = column('azure-code/requests.csv');
  const mean = hours.reduce((sum, count) => sum + count, 0) / hours.length;
  const shift = (WEEK_DAYS + new Date(from).getUTCDay() - FIRST_WEEK_DAY) % WEEK_DAYS;
  const habits = scene.ais.map(() => ({
    part: Math.exp(0.9 * normal(random)),
    model: modelOf(scene, random),
  }));
  const calls: Call[] = [];
  for (let day = from; day < until; day += DAY_MS) {
    const isWeekEnd = [0, 6].includes(new Date(day).getUTCDay());
    const ofDay = (isWeekEnd ? scene.weekEnd : 1) * Math.exp(scene.spreadOfDays * normal(random));
    for (let at = day; at < Math.min(until, day + DAY_MS); at += HOUR_MS) {
      const taxis = hours[(shift * 24 + (at - from) / HOUR_MS) % hours.length] ?? mean;
      const count = Math.floor(scene.callsAnHour * (taxis / mean) * ofDay + random());
      calls.push(...hourOf(scene, habits, sizes, { at, count, random }).filter((call) => call.at < until));
    }
  }
  return scaled(scene, calls, (until - from) / DAY_MS);
}

interface Habit {
  readonly part: number;
  readonly model: SampleModel;
}

function hourOf(
  scene: Scene,
  habits: readonly Habit[],
  sizes: readonly number[],
  { at, count, random }: { readonly at: number; readonly count: number; readonly random: () => number },
): Call[] {
  const moments = Array.from({ length: count }, () => at + Math.floor(random() * HOUR_MS)).sort(
    (a, b) => a - b,
  );
  return moments.map((moment) => {
    const who = picked(habits, random);
    const habit = habits[who];
    const model = habit === undefined || random() > OWN_MODEL ? modelOf(scene, random) : habit.model;
    const size = sizes[Math.floor(random() * sizes.length)] ?? 1_000;
    const chance = random();
    const kind = chance < CRASHING ? 'CRASH' : chance < CRASHING + WITHOUT_SLOT ? 'UNLEASED' : 'SLOT';
    const [input, output] = [Math.ceil(size * (1 - OUTPUT_PART)), Math.ceil(size * OUTPUT_PART)];
    const failed = random() < FAILING;
    return {
      at: moment,
      aiId: scene.ais[who] ?? '',
      model: model.name,
      input,
      output,
      amount: 0,
      failed,
      kind,
    };
  });
}

/** To what its AIs want in 30 days. */
function scaled(scene: Scene, calls: readonly Call[], days: number): Call[] {
  const wanted = (scene.monthAmount / 30) * days;
  const all = calls.reduce((sum, call) => sum + costOf(scene, call), 0);
  return calls.map((call) => {
    const [input, output] = [grown(call.input, wanted / all), grown(call.output, wanted / all)];
    return { ...call, input, output, amount: Math.ceil(costOf(scene, { ...call, input, output })) };
  });
}

function grown(tokens: number, factor: number): number {
  return Math.max(1, Math.round(tokens * factor));
}

function costOf(
  { models }: Scene,
  { model, input, output }: Pick<Call, 'model' | 'input' | 'output'>,
): number {
  const { inputPrice = 1, outputPrice = 1 } = models.find(({ name }) => name === model) ?? {};
  return input * inputPrice + output * outputPrice;
}

function modelOf({ models }: Scene, random: () => number): SampleModel {
  return models[picked(models, random)] as SampleModel;
}

function picked(of: readonly { readonly part: number }[], random: () => number): number {
  let point = random() * of.reduce((sum, { part }) => sum + part, 0);
  const at = of.findIndex(({ part }) => {
    point -= part;
    return point < 0;
  });
  return Math.max(0, at);
}

/** The second column. */
function column(file: string): number[] {
  const lines = readFileSync(join(TRACES, file), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => Number(line.split(',')[1]));
}
