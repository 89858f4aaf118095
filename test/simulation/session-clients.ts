import { ArbiterError, type OpenSession } from '../../src/arbiter/door.js';
import type { SessionRef } from '../../src/domain/state.js';
import { type Carrier, Client } from './clients.js';
import { BUDGET, type Copy, GaveUp, SimCaller } from './sim-world.js';

/** Longer than a copy takes to answer, whatever happens to the store. */
const OPEN_MS = 8_000;

interface Live extends Carrier {
  readonly opened: OpenSession;
}

/** An AI whose slots are in a session: it sends no heartbeat, its stream breaks, and it comes back, to whatever copy. */
export class SessionClient extends Client {
  private live: Live | undefined;
  private streams = 0;

  override async run(cycles: number): Promise<void> {
    await super.run(cycles);
    this.break();
  }

  /** A stream on a copy that has crashed is found broken when it is used. */
  protected override carrier(): Carrier | undefined {
    if (this.live?.copy.link.alive === false) this.break();
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
    if (world.random() < 0.1) await this.steal();
  }

  private break(): void {
    const { live } = this;
    this.live = undefined;
    if (live !== undefined) this.end(live);
  }

  private end({ session, stream, copy, opened }: Live): void {
    this.journal.mayEndEarly(this.aiId);
    this.world.brokenStreams.add(session.stream);
    stream.leave();
    if (copy.link.alive) opened.close([BUDGET]);
  }

  private async comeBack(): Promise<void> {
    const session = this.session(this.aiId);
    const before = this.live;
    const known = this.journal.nowOfAll();
    const carried = await this.open(session);
    if (carried === undefined) return;
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

  /** Who knows the id of a session, and is not who opened it. */
  private async steal(): Promise<void> {
    const stolen = await this.open(this.session('thief'));
    if (stolen === undefined) return;
    if (stolen.opened.leases.length > 0) this.world.violated(`a thief took up the session of ${this.aiId}`);
    this.end(stolen);
  }

  private async open(session: SessionRef): Promise<Live | undefined> {
    const copy = this.world.pick(this.world.copies);
    const stream = new SimCaller();
    try {
      const opened = await this.opened(copy, session, stream);
      return opened.kind === 'open' ? { session, copy, stream, opened } : undefined;
    } catch (error) {
      if (!(error instanceof ArbiterError) && !(error instanceof GaveUp)) throw error;
      this.world.brokenStreams.add(session.stream);
      stream.leave();
      return undefined;
    }
  }

  private opened(copy: Copy, session: SessionRef, stream: SimCaller) {
    const { world, aiId } = this;
    return new Promise<Awaited<ReturnType<Copy['arbiter']['openSession']>>>((resolve, reject) => {
      const cancel = world.scheduler.after(OPEN_MS, () => {
        if (copy.link.alive) world.violated('a session got no answer in its time');
        reject(new GaveUp());
      });
      const request = { aiId, session, budgetIds: [BUDGET] };
      copy.arbiter
        .openSession(request, () => {}, stream)
        .then(resolve, reject)
        .finally(cancel);
    });
  }
}
