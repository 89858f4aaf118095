import { LoadedClients } from '../../support/loaded-client.js';
import { type Service, startService } from '../../support/service.js';
import type { Place } from './places.js';

export interface Copy {
  readonly service: Service;
  readonly clients: LoadedClients;
}

/** The copies of the service at one place, each with clients of its own. */
export class Copies {
  readonly #place: Place;
  readonly #running: Copy[] = [];

  private constructor(place: Place) {
    this.#place = place;
  }

  static async start(place: Place): Promise<Copies> {
    const copies = new Copies(place);
    for (let index = 0; index < place.copies; index += 1) await copies.#start(index);
    return copies;
  }

  get count(): number {
    return this.#place.copies;
  }

  /** Any number names a copy: callers are dealt out among them. */
  copy(index: number): Copy {
    const copy = this.#running[index % this.count];
    if (copy === undefined) throw new Error(`no copy ${index} was started`);
    return copy;
  }

  clients(index = 0): LoadedClients {
    return this.copy(index).clients;
  }

  /** Ends one with SIGKILL, and starts another in its place. */
  async killAndRestart(index: number): Promise<void> {
    await this.copy(index).service.kill();
    await this.restart(index);
  }

  /** Asks one to stop. Returns its exit code, and how long it took. */
  async terminate(index: number): Promise<{ code: number | null; ms: number }> {
    const since = performance.now();
    const code = await this.copy(index).service.stop();
    return { code, ms: performance.now() - since };
  }

  /** Starts another in the place of one that has ended. */
  async restart(index: number): Promise<void> {
    const { clients } = this.copy(index);
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
