import type { StateHead } from '../../../src/domain/model/state.js';
import { StartError } from '../../../src/platform/start-error.js';
import { UNSEEN } from '../../../src/platform/work-progress.js';
import { openMemoryStore } from '../../../src/store/memory/memory-store.js';
import { type BudgetStore, StoreError } from '../../../src/store/store.js';
import type { StoreLabel } from '../../../src/store/store-mark.js';
import type { TransferStore } from '../../../src/store/transfer-store.js';
import { cancelMigration, migrate } from '../../../src/transfer/migrate.js';
import type { TransferContext } from '../../../src/transfer/transfer.js';
import { head, patch, T0 } from '../../store/samples.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';

/**
 * Operators who move budgets between stores, both ways and several at once, while services start and stop: one call to a
 * store at a time, in an order that a seed chooses, each of which may be the last of whoever made it.
 */

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];
const BUDGETS = ['one', 'two'];
const STEPS = 500;
const SPENDINGS = 3;

/** How often things happen. Where little goes wrong, migrations come to their end, and what was left behind meets the next one. */
interface Weather {
  readonly mostActors: number;
  /** That the next call of somebody is the last. */
  readonly kill: number;
  readonly lostAnswer: number;
  /** Of ten commands that begin: migrations, calls to cancel one, services; the others empty a store. */
  readonly migrate: number;
  readonly cancel: number;
  readonly serve: number;
}

const ROUGH: Weather = { mostActors: 4, kill: 0.02, lostAnswer: 0.01, migrate: 5, cancel: 1, serve: 3 };
const CALM: Weather = { mostActors: 2, kill: 0.01, lostAnswer: 0.001, migrate: 8.5, cancel: 0.2, serve: 1 };

/** Of all budgets together, as far as it was acknowledged. */
interface Spent {
  acknowledged: number;
}

class Place {
  label: StoreLabel = { revision: 0 };
  /** Replicas that serve from it. */
  readonly replicas = new Set<string>();
  constructor(
    readonly name: Name,
    public store: BudgetStore,
  ) {}

  async isLive(): Promise<boolean> {
    return this.label.mark === undefined && (await this.store.list('', 1)).length > 0;
  }
}

interface Actor {
  readonly what: string;
  /** It stands still for as long as others need to move everything. */
  slow: boolean;
  /** Lets it make its next call. */
  go: (() => void) | undefined;
  over: boolean;
}

export class Violation extends Error {}

export class TransferWorld {
  readonly history: string[] = [];
  private readonly places = new Map<Name, Place>();
  private readonly spent: Spent = { acknowledged: 0 };
  private actors: Actor[] = [];
  private ids = 0;
  private readonly scheduler: ManualScheduler;
  private readonly weather: Weather;

  constructor(seed: number) {
    this.weather = seed % 3 === 0 ? CALM : ROUGH;
    this.scheduler = new ManualScheduler([], seed);
  }

  async run(): Promise<void> {
    for (const name of NAMES)
      this.places.set(name, new Place(name, await openMemoryStore({ exclusive: false })));
    for (const budget of BUDGETS)
      await this.place('a').store.commit(budget, undefined, patch(1, { head: head(1, { fence: 0 }) }));
    for (let step = 0; step < STEPS; step += 1) {
      if (this.actors.length < this.weather.mostActors && this.chance(0.1)) await this.begin();
      await this.step();
      await this.check();
    }
    this.actors = [];
    for (const place of this.places.values()) place.replicas.clear();
    await this.comeToRest();
  }

  /** One call of one actor; now and then its last. */
  private async step(): Promise<void> {
    this.actors = this.actors.filter(({ over }) => !over);
    const actor = this.actors[this.below(this.actors.length)];
    if (actor === undefined) return;
    if (this.chance(0.1)) actor.slow = !actor.slow;
    if (actor.slow && this.chance(0.97)) return;
    if (this.chance(this.weather.kill)) {
      this.history.push(`${actor.what} is killed`);
      actor.over = true;
      for (const place of this.places.values()) place.replicas.delete(actor.what);
      return;
    }
    const { go } = actor;
    actor.go = undefined;
    go?.();
    while (actor.go === undefined && !actor.over) await new Promise((resolve) => setImmediate(resolve));
  }

  private async begin(): Promise<void> {
    const [one, other] = [this.name(), this.name()];
    const id = `#${++this.ids}`;
    const { migrate, cancel, serve } = this.weather;
    const kind = this.scheduler.random() * 10;
    if (kind < migrate && one !== other) this.migrate(one, other, id);
    else if (kind < migrate + cancel)
      this.act(`cancel ${one} ${id}`, (actor) => cancelMigration(this.seen(one, actor), this.context));
    else if (kind < migrate + cancel + serve)
      this.act(`serve ${one} ${id}`, (actor) => this.serve(this.place(one), actor));
    else await this.empty(this.place(one));
  }

  private migrate(from: Name, to: Name, id: string): Actor {
    return this.act(`migrate ${from} to ${to} ${id}`, (actor) =>
      migrate(this.seen(from, actor), this.seen(to, actor), this.context),
    );
  }

  private act(what: string, work: (actor: Actor) => Promise<unknown>): Actor {
    const actor: Actor = { what, slow: this.chance(0.2), go: undefined, over: false };
    this.actors.push(actor);
    this.history.push(`${what} begins`);
    const run = async (): Promise<void> => {
      await this.turn(actor);
      await work(actor);
    };
    run().then(
      () => this.ended(actor, 'is done'),
      (error: unknown) => {
        const foreseen = error instanceof StartError || error instanceof StoreError;
        this.ended(actor, foreseen ? error.message : `BREAKS: ${String((error as Error).stack)}`);
      },
    );
    return actor;
  }

  private ended(actor: Actor, how: string): void {
    actor.over = true;
    this.history.push(`${actor.what}: ${how}`);
  }

  private turn(actor: Actor): Promise<void> {
    return new Promise((resolve) => {
      actor.go = resolve;
    });
  }

  /** As the service does it: it shows itself, looks at the mark, and looks again between what it does. */
  private async serve(place: Place, actor: Actor): Promise<void> {
    const store = this.seen(place.name, actor);
    place.replicas.add(actor.what);
    for (let spending = 0; spending < SPENDINGS; spending += 1) {
      if ((await store.readLabel()).mark !== undefined) break;
      await this.turn(actor);
      await this.spend(store, place);
    }
    await this.turn(actor);
    place.replicas.delete(actor.what);
  }

  private async spend(store: TransferStore, place: Place): Promise<void> {
    const budget = BUDGETS[this.below(BUDGETS.length)] ?? '';
    const before = (await place.store.load(budget))?.head;
    if (before === undefined) return;
    const next: StateHead = { ...before, revision: before.revision + 1, fence: before.fence + 1 };
    const won = await place.store.commit(budget, before, { head: next, resets: [], puts: [], drops: [] });
    if (won === 'won') this.spent.acknowledged += 1;
    await store.time();
  }

  /** What an operator may empty: what a migration that was called off has left behind, and no command is at work in. */
  private async empty(place: Place): Promise<void> {
    const { mark } = place.label;
    const isWanted = [...this.places.values()].some(
      ({ label: { mark: other } }) => other?.transfer === mark?.transfer && other?.kind === 'moved',
    );
    const inHand = this.actors.some(({ what, over }) => !over && what.includes(` ${place.name} `));
    if (mark?.kind !== 'filling' || isWanted || inHand) return;
    this.history.push(`${place.name} is emptied`);
    place.store = await openMemoryStore({ exclusive: false });
    place.label = { revision: 0 };
  }

  /** A store as one actor sees it: each call waits for its turn, and some answers are lost. */
  private seen(name: Name, actor: Actor): TransferStore {
    const place = this.place(name);
    const label: Partial<TransferStore> = {
      readLabel: async () => place.label,
      replaceLabel: async (before, next) => {
        const same = place.label.revision === before.revision && place.label.identity === before.identity;
        if (same) this.history.push(`${actor.what} marks ${name}: ${next.mark?.kind ?? 'free'}`);
        if (same) place.label = next;
        return same;
      },
      runningReplicas: async () => [...place.replicas],
      listDays: async () => [],
      listDenials: async () => [],
      countDocuments: async () => 0,
    };
    const call =
      (key: keyof TransferStore) =>
      async (...args: unknown[]) => {
        await this.turn(actor);
        const method = (label[key] ?? place.store[key as keyof BudgetStore]) as (
          ...args: unknown[]
        ) => unknown;
        const answer = await method.apply(label[key] ? label : place.store, args);
        if (this.chance(this.weather.lostAnswer)) throw new StoreError('unknown', 'the answer was lost');
        return answer;
      };
    return new Proxy({} as TransferStore, {
      get: (_target, key) => (key === 'place' ? name : call(key as keyof TransferStore)),
    });
  }

  /** No budget is ever live in two stores, and what is live knows of everything that was spent. */
  private async check(): Promise<void> {
    const live: Place[] = [];
    for (const place of this.places.values()) if (await place.isLive()) live.push(place);
    if (live.length > 1) throw new Violation(`live in ${live.map(({ name }) => name).join(' and ')}`);
    const broken = this.history.find((line) => line.includes('BREAKS'));
    if (broken !== undefined) throw new Violation(broken);
    const [only] = live;
    if (only === undefined) return;
    let known = 0;
    for (const budget of BUDGETS) known += (await only.store.load(budget))?.head.fence ?? Number.NaN;
    if (known !== this.spent.acknowledged)
      throw new Violation(
        `${only.name} is live and knows of ${known} of ${this.spent.acknowledged} spendings`,
      );
  }

  /** From wherever it has come to, operators find back to one live store, by what the commands tell them. */
  private async comeToRest(): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      await this.check();
      for (const place of this.places.values()) if (await place.isLive()) return;
      for (const { name, label } of this.places.values()) {
        const { mark } = label;
        if (mark?.kind === 'leaving')
          await this.alone(`cancel ${name}`, (actor) =>
            cancelMigration(this.seen(name, actor), this.context),
          );
        if (mark?.kind === 'moved')
          await this.alone(`migrate ${name} to ${mark.to}`, (actor) =>
            migrate(this.seen(name, actor), this.seen(mark.to as Name, actor), this.context),
          );
      }
    }
    throw new Violation('nobody finds back to a live store');
  }

  private async alone(what: string, work: (actor: Actor) => Promise<unknown>): Promise<void> {
    const actor = this.act(what, work);
    while (!actor.over) {
      const { go } = actor;
      actor.go = undefined;
      go?.();
      await new Promise((resolve) => setImmediate(resolve));
      await this.check();
    }
    this.actors = [];
  }

  private readonly context: TransferContext = {
    tell: () => {},
    wallMs: () => T0,
    newId: () => `id-${++this.ids}`,
    progress: UNSEEN,
  };

  private place(name: Name): Place {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`no place ${name}`);
    return place;
  }

  private name(): Name {
    return NAMES[this.below(NAMES.length)] ?? 'a';
  }

  private chance(of: number): boolean {
    return this.scheduler.random() < of;
  }

  private below(count: number): number {
    return Math.floor(this.scheduler.random() * count);
  }
}

/** The first seed that fails, with what was violated and what had happened. */
export async function firstFailure(seeds: number, from = 1) {
  for (let seed = from; seed < from + seeds; seed += 1) {
    const world = new TransferWorld(seed);
    try {
      await world.run();
    } catch (error) {
      return { seed, violation: String((error as Error).message), history: world.history };
    }
  }
  return undefined;
}
