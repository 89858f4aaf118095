import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('server', import.meta.url));
const START_TIMEOUT_MS = 60_000;
let child: ChildProcessByStdio<Writable, Readable, null> | undefined;

/**
 * Starts mongo-java-server, which shares no code with MongoDB, FerretDB or DocumentDB, for the suites that MONGODB_URI asks
 * for. Needs Java 17, and Maven where the jars are not there yet.
 */
export async function setup(): Promise<void> {
  child = spawn(
    'java',
    ['-Dorg.slf4j.simpleLogger.defaultLogLevel=off', '-cp', `${jars()}/*`, 'Main.java', 'memory', '0'],
    {
      cwd: SERVER,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const uri = await firstLine(child);
  Object.assign(process.env, {
    MONGODB_URI: uri,
    // Its gaps: each is a skip by name.
    MONGODB_LACKS: 'validators, a bound of 16 MB',
    TEST_STORES: 'mongodb',
  });
}

export function teardown(): void {
  child?.stdin.end();
}

/** Its URI, which it says once it listens. */
function firstLine(server: ChildProcessByStdio<Writable, Readable, null>): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('mongo-java-server does not start')), START_TIMEOUT_MS);
    server.on('error', reject);
    server.on('exit', (code) => reject(new Error(`mongo-java-server ended with code ${code}`)));
    createInterface({ input: server.stdout }).once('line', (line) => {
      clearTimeout(late);
      resolve(line);
    });
  });
}

/** A folder with the jars of `pom.xml`, kept between runs. */
function jars(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache');
  const pom = readFileSync(path.join(SERVER, 'pom.xml'), 'utf8');
  const versions = [...pom.matchAll(/<version>([\d.]+)<\/version>/g)].map(([, version]) => version);
  const folder = path.join(cache, 'budget-arbiter-ci', `mongo-java-server-${versions.join('-')}`);
  if (existsSync(folder)) return folder;
  const made = `${folder}.${process.pid}`;
  mkdirSync(made, { recursive: true });
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${made}`];
    execFileSync('mvn', ['-q', '-B', ...goal], { cwd: SERVER, stdio: ['ignore', 'ignore', 'inherit'] });
    // Whole or not at all: another run may have been faster.
    execFileSync('sh', ['-c', 'mv -T "$0" "$1" 2>/dev/null || true', made, folder]);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return folder;
}
