import { Audit } from './audit.js';
import { Callers } from './callers.js';
import { DAY, HOUR, MINUTE, monthOf, TTL_MS, type YearsOptions, type YearsResult, YearsRun } from './run.js';

/** Half an hour is odd, Lord Howe's shift of half an hour odder. */
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];

/** Years of a service in minutes, with its books held against independent ones at the end of every month. */
export class Years {
  private readonly run: YearsRun;
  private readonly callers: Callers;
  private readonly audit: Audit;
  private readonly endsAt: number;
  private sinkFailsUntil = 0;

  constructor(options: YearsOptions) {
    this.run = new YearsRun(options);
    this.callers = new Callers(this.run);
    this.audit = new Audit(this.run);
    this.endsAt = this.run.time.now + options.days * DAY;
  }

  async live(): Promise<YearsResult> {
    await this.run.machine.start();
    for (const zone of ZONES) await this.run.create(`b${this.run.budgets.length}`, zone);
    const downtimes = this.downtimes();
    while (this.run.time.now < this.endsAt) {
      const [downAt, downMs] = downtimes[0] ?? [Number.POSITIVE_INFINITY, 0];
      if (this.run.time.now >= downAt) {
        downtimes.shift();
        await this.downFor(downMs);
      }
      await this.day();
    }
    await this.atRest();
    await this.run.machine.stop();
    const { wrong, counts } = this.run;
    return { wrong: [...wrong, ...this.run.machine.errors], counts };
  }

  /** Months in which nothing runs: of 60 days 40 on top, of years two more. */
  private downtimes(): [at: number, ms: number][] {
    const { now } = this.run.time;
    const { days } = this.run.options;
    const half = Math.floor(days / 2);
    if (days < 200) return [[now + half * DAY, Math.min(40, half) * DAY]];
    return [
      [now + Math.floor(days / 4) * DAY, 40 * DAY],
      [now + half * DAY, 75 * DAY],
      [now + Math.floor((days * 4) / 5) * DAY, 10 * DAY],
    ];
  }

  private async day(): Promise<void> {
    const until = this.run.time.now + DAY;
    await this.event();
    while (this.run.time.now < until && this.run.time.now < this.endsAt) {
      await this.run.machine.pass(this.run.between(5, 240) * MINUTE);
      if (this.run.time.now > this.sinkFailsUntil) this.run.machine.sinkFails = false;
      for (let calls = this.run.between(2, 8); calls > 0; calls -= 1) await this.callers.call();
      for (const budget of this.run.budgets) await this.audit.monthEnd(budget);
    }
  }

  private async event(): Promise<void> {
    const chance = this.run.chance();
    if (chance < 0.05) await this.restart(0);
    else if (chance < 0.08) await this.crash();
    else if (chance < 0.11) await this.restart(this.run.between(1, 20) * HOUR);
    else if (chance < 0.13) await this.sleepFor(this.run.between(1, 14) * HOUR);
    else if (chance < 0.15) await this.wrongFromTheStart();
    else if (chance < 0.16) await this.wrongStep();
    else if (chance < 0.165) await this.clockBehind();
    else if (chance < 0.185) this.failSink();
    else if (chance < 0.2) await this.recreate();
  }

  private failSink(): void {
    this.run.count('hours without the sink', 6);
    this.run.machine.sinkFails = true;
    this.sinkFailsUntil = this.run.time.now + 6 * HOUR;
  }

  private async restart(downMs: number): Promise<void> {
    this.run.count('restarts');
    await this.run.machine.stop();
    this.run.time.pass(downMs);
    await this.run.machine.start();
  }

  private async crash(): Promise<void> {
    this.run.count('crashes');
    await this.run.machine.crash();
    await this.run.machine.start();
  }

  private async downFor(ms: number): Promise<void> {
    this.run.count('days down', ms / DAY);
    await this.restart(ms);
  }

  private async sleepFor(ms: number): Promise<void> {
    this.run.count('sleeps');
    await this.run.machine.sleep(ms);
    await this.run.machine.pass(2 * MINUTE);
    await this.run.machine.pass(2 * MINUTE);
  }

  /** The mistake that destroyed usage: a start with the clock ahead, some spending, the clock set right, ResetClock. */
  private async wrongFromTheStart(): Promise<void> {
    this.run.count('wrong clocks at a start');
    await this.callers.releaseAll();
    await this.run.machine.stop();
    this.run.time.errorMs = this.run.pick([3, 40, 400, 1_100]) * DAY;
    await this.run.machine.start();
    await this.underWrongClock();
    await this.run.machine.stop();
    this.run.time.errorMs = 0;
    await this.run.machine.start();
    await this.resetClocks();
  }

  private async wrongStep(): Promise<void> {
    this.run.count('wrong clocks while it ran');
    await this.callers.releaseAll();
    await this.run.machine.step(this.run.pick([2, 40, 800]) * DAY);
    await this.underWrongClock();
    await this.run.machine.step(0);
    await this.resetClocks();
  }

  private async underWrongClock(): Promise<void> {
    // Longer than it takes until tidying begins, at times for days.
    await this.run.machine.pass(this.run.pick([2 * MINUTE, 7 * HOUR, 50 * HOUR]));
    for (let calls = 0; calls < 5; calls += 1) await this.callers.call();
    await this.run.machine.pass(MINUTE);
    await this.callers.releaseAll();
    await this.run.machine.pass(MINUTE);
  }

  /** Budgets are ahead of it, and so is the time that has passed for tidying. */
  private async clockBehind(): Promise<void> {
    this.run.count('clocks behind');
    await this.callers.releaseAll();
    await this.run.machine.stop();
    this.run.time.errorMs = -40 * DAY;
    await this.run.machine.start();
    await this.run.machine.pass(7 * HOUR);
    await this.run.machine.stop();
    this.run.time.errorMs = 0;
    await this.run.machine.start();
  }

  private async resetClocks(): Promise<void> {
    for (const { id, books } of this.run.budgets) {
      const outcome = await this.run.machine.ask(id, { kind: 'reset-clock' });
      books.clockSetRight(this.run.time.believed, TTL_MS);
      this.run.check(
        outcome.kind === 'clock-reset',
        () => `${id}: ResetClock answered ${JSON.stringify(outcome)}`,
      );
    }
    for (const budget of this.run.budgets)
      await this.audit.compare(budget, monthOf(budget.books, this.run.time.now));
  }

  private async recreate(): Promise<void> {
    const budget = this.run.pick(this.run.budgets);
    this.run.count('deletions');
    await this.run.machine.ask(budget.id, { kind: 'delete-budget', force: true });
    await this.run.machine.pass(this.run.pick([MINUTE, 3 * DAY]));
    this.run.budgets = this.run.budgets.filter((other) => other !== budget);
    // Mostly under another name: then the old one goes after the retention.
    const made = this.run.next();
    const id = this.run.chance() < 0.3 ? budget.id : `c${made}`;
    await this.run.create(id, budget.books.zone);
  }

  /** In the end everybody was told, and what is old is gone. */
  private async atRest(): Promise<void> {
    this.run.machine.sinkFails = false;
    await this.callers.releaseAll();
    await this.run.machine.pass(DAY);
    for (const budget of this.run.budgets)
      await this.audit.compare(budget, monthOf(budget.books, this.run.time.now));
    await this.audit.checkAlerts();
    if (this.run.options.days > 200) await this.audit.checkTidied();
  }
}
