import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../faults/support/free-port.js';
import { mongoUri, temporaryDatabase } from '../support/mongo.js';
import { problems } from './problems.js';
import { stepsIn } from './readme.js';
import { midHourPreload, Shell } from './shell.js';

const OPERATIONS = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

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

/** Every command of the document, in order, as an operator would type them on one machine. */
describe('docs/operations.md', () => {
  const machine = mkdtempSync(join(tmpdir(), 'operations-'));
  const database = mongoUri === undefined ? '' : temporaryDatabase(mongoUri);
  // Where the document restores a backup of it.
  if (mongoUri !== undefined) temporaryDatabase(mongoUri, `${database}_restored`);
  const shell = new Shell();
  /** The document's ports, and those that are free here. */
  const ports = new Map<string, number>();
  const address = (port: string) => `127.0.0.1:${ports.get(port)}`;
  const here = (commands: string): string =>
    commands
      .replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => address(port))
      .replaceAll(/(?<=[\s,=])\/(var|etc)\//g, `${machine}/$1/`);

  beforeAll(async () => {
    for (const port of ['50051', '8080', '50052', '8081']) ports.set(port, await freePort());
    for (const folder of ['etc/budget-arbiter', 'var/lib', 'var/backups']) {
      mkdirSync(join(machine, folder), { recursive: true });
    }
    const lines = [
      `GRPC_ADDRESS=${address('50051')}`,
      `HTTP_ADDRESS=${address('8080')}`,
      `DATA_DIR=${machine}/var/lib/budget-arbiter`,
      ...(mongoUri === undefined ? [] : [`#MONGODB_URI='${mongoUri}'`, `#MONGODB_DATABASE=${database}`]),
    ];
    writeFileSync(join(machine, 'etc/budget-arbiter/env'), `${lines.join('\n')}\n`);
    const set =
      'unset MONGODB_URI MONGODB_DATABASE CONFIG_FILE; set -a; . "$MACHINE/etc/budget-arbiter/env"; set +a';
    const started = await shell.run(`MACHINE='${machine}'\n${MACHINE}\n${set}\nlaunch`);
    expect(started, started.output).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await shell.run('systemctl stop');
    shell.end();
    rmSync(machine, { recursive: true });
  });

  const steps = stepsIn(OPERATIONS, 0, ['console', 'yaml', 'nginx']);
  for (const step of steps) {
    const needsMongo = /mongodb|MongoDB/.test(step.commands);
    it.skipIf(needsMongo && mongoUri === undefined)(`line ${step.line}`, async () => {
      const ran = await shell.run(here(step.commands));
      expect(problems(step, ran), ran.output).toEqual([]);
    });
  }
});
