import { createHash, type Hash } from 'node:crypto';
import { randomFrom } from '../../support/seed.js';
import type { Asking, Job, JobKind } from './jobs.js';
import { QueueHost } from './queue-host.js';
import { ToyStore } from './toy-store.js';

const JOBS = 40;
const KINDS: readonly JobKind[] = ['write', 'write', 'read', 'acquire', 'acquire', 'release', 'undo'];
/** Of calm, until everybody must have an answer. */
const MOST_CALM_STEPS = 3_000;

interface Open {
  readonly job: Job;
  host: QueueHost;
  asking: Asking;
}

export interface QueueResult {
  readonly violations: readonly string[];
  readonly hash: string;
  readonly commits: number;
  readonly effects: ReadonlySet<string>;
}

/**
 * Some machines, each with a driver of its own, on one store: every effect may fail, take any time and be overtaken by any other, drivers
 * break and replicas crash, and requests come at any moment. The same seed gives the same run.
 */
export class QueueWorld {
  now = 0;
  calm = false;
  readonly store = new ToyStore();
  readonly exclusive: boolean;
  /** Requests come one after the other, and commits are slow: as many are under way as may be. */
  private readonly rush: boolean;
  /** The store refuses much, and callers go while it is found out whom. */
  private readonly picky: boolean;
  readonly random: () => number;
  private hosts: QueueHost[];
  private readonly open: Open[] = [];
  private readonly violations: string[] = [];
  private readonly hash: Hash = createHash('sha256');
  private readonly effects = new Set<string>();
  /** Commits of replicas that crashed: they arrive, or do not. */
  private delayed: (() => void)[] = [];
  private nextJob = 1;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.exclusive = seed % 4 === 0;
    this.rush = seed % 16 === 8;
    this.picky = seed % 8 === 3;
    this.hosts = Array.from({ length: this.exclusive ? 1 : 1 + (seed % 3) }, () => new QueueHost(this));
  }

  run(): QueueResult {
    while (this.nextJob <= JOBS && this.violations.length === 0) this.step();
    this.calm = true;
    for (let step = 0; step < MOST_CALM_STEPS && this.violations.length === 0; step += 1) {
      if (this.isOver()) break;
      this.calmStep();
    }
    if (this.violations.length === 0) this.checkEnd();
    const { violations, effects } = this;
    return { violations, effects, hash: this.hash.digest('hex'), commits: this.store.revision - 1 };
  }

  /** Nothing happens by chance any more that is a fault. */
  chance(probability: number): boolean {
    const drawn = this.random();
    return !this.calm && drawn < probability;
  }

  violated(what: string): void {
    this.violations.push(`at ${this.now}: ${what}`);
  }

  saw(what: string): void {
    this.effects.add(what);
    this.hash.update(`${this.now} ${what}\n`);
  }

  /** A commit that changes nothing: whatever was to replace this revision never will. */
  fence(expected: number): 'lost' {
    if (this.store.revision === expected) {
      const next = this.store.load();
      next.revision += 1;
      this.store.swap({ expected, next }, this.now);
    }
    return 'lost';
  }

  private oneOf<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  private step(): void {
    this.now += 1 + Math.floor(this.random() * 5);
    const host = this.oneOf(this.hosts);
    const drawn = this.random();
    if (drawn < 0.12 || (this.rush && this.random() < 0.2)) this.submitNew(host);
    else if (drawn < 0.15) host.sweep();
    else if (drawn < 0.18) host.tell({ kind: 'tick' });
    else if (drawn < 0.19 || (this.picky && this.random() < 0.1)) this.giveUp();
    else if (drawn < 0.2) this.crash(host);
    else if (drawn < 0.23) this.askAgain();
    else if (drawn < 0.25) this.delayed.pop()?.();
    else this.operate(host);
  }

  private operate(host: QueueHost): void {
    if (host.operations.length === 0) return;
    const operation = this.oneOf(host.operations);
    // So that there are many at once.
    if (this.exclusive && operation.what === 'commit' && this.chance(this.rush ? 0.97 : 0.7)) return;
    if (operation.arrive !== undefined && this.random() < 0.5) operation.arrive();
    else host.complete(operation);
  }

  private submitNew(host: QueueHost): void {
    const kind = this.oneOf(KINDS);
    const drawn = this.random();
    const job: Job = {
      id: this.nextJob,
      kind,
      nature: kind === 'undo' ? 'plain' : natureOf(drawn, this.picky),
      waits: kind === 'acquire' && this.random() < (this.rush ? 0.1 : 0.7),
    };
    this.nextJob += 1;
    this.open.push({ job, host, asking: host.submit(job, false) });
  }

  /** A caller goes, or its time is over. */
  private giveUp(): void {
    const waiting = this.open.filter(({ job, asking }) => job.kind !== 'undo' && asking.answers === 0);
    if (waiting.length === 0) return;
    const { asking, host } = this.oneOf(waiting);
    if (this.random() < 0.5) host.giveUp(asking);
    else asking.gone = true;
  }

  /** The replica is gone, and another takes its place. What it has sent may arrive now, later or never. */
  private crash(host: QueueHost): void {
    for (const { arrive } of host.operations) {
      if (arrive === undefined) continue;
      if (this.random() < 0.3) arrive();
      else if (!this.exclusive && this.random() < 0.7) this.delayed.push(arrive);
    }
    const next = new QueueHost(this);
    this.hosts = this.hosts.map((other) => (other === host ? next : other));
    for (const one of this.open)
      if (one.host === host && one.asking.outcome === undefined) this.again(one, next);
  }

  /** Who was told of a failure, or told nothing, asks once more for the same. */
  private askAgain(): void {
    const failed = this.open.filter((one) => wantsMore(one) && one.job.kind !== 'undo');
    if (failed.length > 0) this.again(this.oneOf(failed), this.oneOf(this.hosts));
  }

  private again(one: Open, host: QueueHost): void {
    // What a replica asked itself for is gone with it.
    if (one.job.kind === 'undo' && one.host !== host) {
      one.asking.outcome = 'done';
      return;
    }
    one.host = host;
    one.asking = host.submit(one.job, true);
  }

  private isOver(): boolean {
    const busy = this.hosts.some(({ operations }) => operations.some(({ what }) => what !== 'wake'));
    return !busy && !this.open.some(wantsMore);
  }

  private calmStep(): void {
    this.now += 1;
    const again = this.open.find((one) => wantsMore(one) && one.asking.outcome !== undefined);
    if (again !== undefined && again.job.kind !== 'undo') {
      this.again(again, this.oneOf(this.hosts));
      return;
    }
    const gone = this.open.find(({ asking }) => asking.gone && asking.outcome === undefined);
    if (gone !== undefined && this.random() < 0.1) gone.host.giveUp(gone.asking);
    else this.operate(this.oneOf(this.hosts));
  }

  private checkEnd(): void {
    for (const { job, asking } of this.open) {
      if (asking.answers > 1) this.violated(`job ${job.id} was answered ${asking.answers} times`);
      else if (asking.outcome === undefined) this.violated(`job ${job.id}, ${job.kind}, was never answered`);
      else if (
        asking.outcome === 'done' &&
        job.kind !== 'read' &&
        job.kind !== 'undo' &&
        !this.store.has(job.id)
      )
        this.violated(`job ${job.id} is done, and is not stored`);
    }
  }
}

function natureOf(drawn: number, picky: boolean): Job['nature'] {
  if (drawn < 0.2) return 'to look up';
  if (drawn < 0.24) return 'after last days';
  if (drawn < 0.27) return 'throws';
  return drawn < (picky ? 0.6 : 0.3) ? 'refused' : 'plain';
}

function wantsMore({ job, asking }: Open): boolean {
  if (asking.outcome === undefined) return true;
  return asking.outcome === 'failed' && job.nature !== 'refused';
}
