import { ArbiterError, type OpenSession } from '../../src/arbiter/service-port.js';
import type { SessionRef } from '../../src/domain/model/session-ref.js';
import { TestCaller } from '../support/caller.js';
import { type Carrier, Client } from './clients.js';
import { BUDGET, GaveUp, type Replica } from './sim-world.js';

/** Longer than a replica takes to answer, whatever happens to the store. */
const OPEN_MS = 8_000;

interface Live extends Carrier {
  readonly opened: OpenSession;
  /** It was told that another stream goes on with its session. */
  readonly takenUp: () => boolean;
}

interface Attempt {
  readonly aiId?: string;
  readonly budgetIds?: readonly string[];
}

/** An AI whose slots are in a session: it sends no heartbeat, its stream breaks, and it comes back, to whatever replica. */
export class SessionClient extends Client {
  private live: Live | undefined;
  private streams = 0;
  /** A gateway opens for whatever AI; here it acts for one. */
  private readonly isGateway = this.world.random() < 0.3;

  override async run(cycles: number): Promise<void> {
    await super.run(cycles);
    this.break();
  }

  /** A stream on a replica that has crashed is found broken when it is used. */
  protected override carrier(): Carrier | undefined {
    if (this.live?.replica.link.alive === false) this.break();
    return this.live;
  }

  protected override async beforeWork(): Promise<void> {
    if (this.carrier() === undefined && this.world.random() < 0.9) await this.comeBack();
  }

  protected override async amidWork(): Promise<void> {
    const { world } = this;
    if (world.random() < 0.3) this.break();
    if (world.random() < 0.5) await world.pause(world.random() * 4_000);
    // Some come back before their old stream is missed: only a new one is to count then.
    if (world.random() < 0.5) await this.comeBack();
    if (world.random() < 0.3) await this.disturb();
    if (world.random() < 0.1) this.halfClose();
  }

  private break(): void {
    const { live } = this;
    this.live = undefined;
    if (live !== undefined) this.end(live);
  }

  /** It has no more to say; what it asked for before is answered, for a while. */
  private halfClose(): void {
    const { live, world } = this;
    this.live = undefined;
    if (live === undefined) return;
    this.journal.mayEndEarly(this.aiId);
    world.brokenStreams.add(live.session.stream);
    if (live.replica.link.alive) live.opened.close([BUDGET]);
    world.scheduler.after(world.random() * 2_000, () => live.stream.leave());
  }

  private end({ session, stream, replica, opened }: Live): void {
    this.journal.mayEndEarly(this.aiId);
    this.world.brokenStreams.add(session.stream);
    stream.leave();
    if (replica.link.alive) opened.close([BUDGET]);
  }

  private async comeBack(): Promise<void> {
    const session = this.session(this.aiId);
    const before = this.live;
    const known = this.journal.nowOfAll();
    this.world.latestStreams.set(session.id, session.stream);
    const carried = await this.open(session);
    if (carried === undefined) {
      this.mustNotBeEnded('a take-up of its own that failed');
      return;
    }
    for (const lease of carried.opened.leases) {
      if (lease.aiId !== this.aiId) this.world.violated(`${this.aiId} took up the lease of ${lease.aiId}`);
      this.journal.lease(lease, known(lease.leaseId));
    }
    this.live = carried;
    // The stream that it left behind is missed only now.
    if (before !== undefined) this.end(before);
  }

  private session(owner: string): SessionRef {
    const stream = `${this.aiId}/${++this.streams}`.slice(-32);
    return { id: `session of ${this.aiId}`.slice(-128), owner, stream };
  }

  /** Who knows the id of a session, and is not who may go on with it; or who may, and asks for what there is not. */
  private async disturb(): Promise<void> {
    const { world } = this;
    const [what, owner, attempt] = world.pick<[string, string, Attempt]>([
      ['a thief', 'thief', {}],
      ['another AI', this.aiId, { aiId: `other than ${this.aiId}` }],
      ['a take-up in a budget that is not there', this.aiId, { budgetIds: [BUDGET, 'nowhere'] }],
    ]);
    const session = this.session(owner);
    const taken = await this.open(session, attempt);
    this.mustNotBeEnded(what);
    if (taken === undefined) return;
    if (taken.opened.leases.length > 0) world.violated(`${what} took up the session of ${this.aiId}`);
    this.end(taken);
  }

  private mustNotBeEnded(by: string): void {
    if (this.live?.takenUp()) this.world.violated(`the stream of ${this.aiId} was ended by ${by}`);
  }

  private async open(session: SessionRef, attempt: Attempt = {}): Promise<Live | undefined> {
    const replica = this.world.pick(this.world.replicas);
    const stream = new TestCaller();
    let told = false;
    const takenUp = (): void => {
      told = true;
    };
    try {
      const opened = await this.opened(replica, { session, stream, takenUp, attempt });
      return opened.kind === 'open' ? { session, replica, stream, opened, takenUp: () => told } : undefined;
    } catch (error) {
      if (!(error instanceof ArbiterError) && !(error instanceof GaveUp)) throw error;
      // A stream that never began carries nothing; it takes nothing from the one before, either.
      if (!replica.link.alive) this.world.brokenStreams.add(session.stream);
      stream.leave();
      return undefined;
    }
  }

  private opened(replica: Replica, { session, stream, takenUp, attempt }: Opening) {
    const { world } = this;
    const { budgetIds = [BUDGET], aiId = this.isGateway ? undefined : this.aiId } = attempt;
    return new Promise<Awaited<ReturnType<Replica['arbiter']['openSession']>>>((resolve, reject) => {
      const cancel = world.scheduler.after(OPEN_MS, () => {
        if (replica.link.alive) world.violated('a session got no answer in its time');
        reject(new GaveUp());
      });
      replica.arbiter
        .openSession({ aiId, session, budgetIds }, takenUp, stream)
        .then(resolve, reject)
        .finally(cancel);
    });
  }
}

interface Opening {
  readonly session: SessionRef;
  readonly stream: TestCaller;
  readonly takenUp: () => void;
  readonly attempt: Attempt;
}
