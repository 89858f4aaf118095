import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { freePort } from '../faults/support/free-port.js';
import { midHourPreload, type Ran, Shell } from './shell.js';

/** What an installed service and systemd do on a machine: one process, which is there once it is ready. */
const MACHINE = `
budget-arbiter() {
  case "$1" in
    serve) NODE_OPTIONS="${midHourPreload()}" exec node dist/bin.js serve ;;
    *) node dist/bin.js "$@" ;;
  esac
}
launch() {
  NODE_OPTIONS="${midHourPreload()}" node dist/bin.js serve >> "$MACHINE/log" 2>&1 &
  service=$!
  until budget-arbiter health > /dev/null 2>&1; do
    kill -0 $service || { cat "$MACHINE/log"; return 1; }
    sleep 0.1
  done
}
systemctl() {
  if [ "$1" != start ]; then kill $service; wait $service; fi
  if [ "$1" != stop ]; then launch; fi
}`;

/** A machine with an installed service, and the terminal of its operator: what documents for operators say is typed there. */
export class OperatorsMachine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'operators-'));
  private readonly shell = new Shell();
  /** The documents' ports, and those that are free here. */
  private readonly ports = new Map<string, number>();

  /** `settings`: further lines of the service's environment. */
  async start(settings: readonly string[] = []): Promise<void> {
    for (const port of ['50051', '8080', '50052', '8081']) this.ports.set(port, await freePort());
    for (const folder of ['etc/budget-arbiter', 'var/lib', 'var/backups']) {
      mkdirSync(join(this.folder, folder), { recursive: true });
    }
    const lines = [
      `GRPC_ADDRESS=${this.address('50051')}`,
      `HTTP_ADDRESS=${this.address('8080')}`,
      `DATA_DIR=${this.folder}/var/lib/budget-arbiter`,
      ...settings,
    ];
    writeFileSync(join(this.folder, 'etc/budget-arbiter/env'), `${lines.join('\n')}\n`);
    const set =
      'unset MONGODB_URI MONGODB_DATABASE CONFIG_FILE; set -a; . "$MACHINE/etc/budget-arbiter/env"; set +a';
    const started = await this.shell.run(`MACHINE='${this.folder}'\n${MACHINE}\n${set}\nlaunch`);
    expect(started, started.output).toMatchObject({ code: 0 });
  }

  async stop(): Promise<void> {
    await this.shell.run('systemctl stop');
    this.shell.end();
    rmSync(this.folder, { recursive: true });
  }

  run(commands: string): Promise<Ran> {
    return this.shell.run(
      commands
        .replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => this.address(port))
        .replaceAll(/(?<=[\s,=])\/(var|etc)\//g, `${this.folder}/$1/`),
    );
  }

  private address(port: string): string {
    return `127.0.0.1:${this.ports.get(port)}`;
  }
}
