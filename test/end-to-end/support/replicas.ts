import { LoadedClients } from '../../support/loaded-client.js';
import { type Service, startService } from '../../support/service.js';
import type { Place } from './places.js';

export interface Replica {
  readonly service: Service;
  readonly clients: LoadedClients;
}

/** The replicas at one place, each with clients of its own. */
export class Replicas {
  readonly #place: Place;
  readonly #running: Replica[] = [];

  private constructor(place: Place) {
    this.#place = place;
  }

  static async start(place: Place): Promise<Replicas> {
    const replicas = new Replicas(place);
    for (let index = 0; index < place.replicas; index += 1) await replicas.#start(index);
    return replicas;
  }

  get count(): number {
    return this.#place.replicas;
  }

  /** Any number names a replica: callers are dealt out among them. */
  replica(index: number): Replica {
    const replica = this.#running[index % this.count];
    if (replica === undefined) throw new Error(`no replica ${index} was started`);
    return replica;
  }

  clients(index = 0): LoadedClients {
    return this.replica(index).clients;
  }

  /** Ends one with SIGKILL, and starts another in its place. */
  async killAndRestart(index: number): Promise<void> {
    await this.replica(index).service.kill();
    await this.restart(index);
  }

  /** Asks one to stop. Returns its exit code, and how long it took. */
  async terminate(index: number): Promise<{ code: number | null; ms: number }> {
    const since = performance.now();
    const code = await this.replica(index).service.stop();
    return { code, ms: performance.now() - since };
  }

  /** Starts another in the place of one that has ended. */
  async restart(index: number): Promise<void> {
    const { clients } = this.replica(index);
    await this.#start(index % this.count);
    clients.close();
  }

  /** Stops them all. Returns their exit codes. */
  async stop(): Promise<(number | null)[]> {
    const running = this.#running.splice(0);
    for (const { clients } of running) clients.close();
    return Promise.all(running.map(({ service }) => service.stop()));
  }

  async #start(index: number): Promise<void> {
    const service = await startService({ env: { ...this.#place.env } });
    this.#running[index] = { service, clients: new LoadedClients(service.grpcAddress) };
  }
}
