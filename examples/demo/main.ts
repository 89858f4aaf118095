import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Demo } from './demo.js';
import { HELP, type Options, readOptions, UsageError } from './options.js';
import { startService } from './service-process.js';
import { TeamsDemo } from './teams/teams-demo.js';
import { compressed, readTrace, type Trace } from './trace.js';

/** For starting, for the last AI to finish, and for the proof. */
const SPARE_MS = 40_000;

const undos: (() => unknown)[] = [];

/** In reverse, each once, and each whatever becomes of the others. */
async function undoAll(): Promise<void> {
  for (const undo of undos.splice(0).reverse()) {
    try {
      await undo();
    } catch (error) {
      console.error(`cleaning up: ${(error as Error).message}`);
    }
  }
}

async function run(options: Options, trace: Trace): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'budget-demo-'));
  const dataDir = path.join(folder, 'data');
  undos.push(async () => {
    if (options.keep) console.log(`the data of the service: ${dataDir}`);
    else await rm(folder, { recursive: true, force: true });
  });
  const service = await startService(dataDir, options.record);
  undos.push(() => service.stop());
  const played = compressed(trace, options.seconds);
  const demo = options.teams
    ? new TeamsDemo(service, played, undos)
    : new Demo(service, played, options, folder, undos);
  return (await demo.run()) ? 0 : 1;
}

/** Resolves with an exit code when somebody wants the demo to end, or rejects when it takes too long. */
function ended(seconds: number): Promise<number> {
  return new Promise((resolve, reject) => {
    process.on('SIGINT', () => resolve(130));
    process.on('SIGTERM', () => resolve(143));
    process.on('SIGHUP', () => resolve(129));
    // Whoever read the output is gone, as with `| head`.
    process.stdout.on('error', () => resolve(1));
    const limitMs = seconds * 1_000 + SPARE_MS;
    setTimeout(() => reject(new Error(`the demo did not end within ${limitMs / 1_000} s`)), limitMs);
  });
}

async function main(): Promise<number> {
  const trace = readTrace();
  const asked = readOptions(process.argv.slice(2), trace.durationMs / 1_000);
  if (asked.help) {
    console.log(HELP);
    return 0;
  }
  const options = { ...asked, plain: asked.plain || process.stdout.isTTY !== true };
  try {
    return await Promise.race([run(options, trace), ended(options.seconds)]);
  } finally {
    await undoAll();
  }
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    console.error(
      error instanceof UsageError ? `${error.message.replace(/\.$/, '')}; --help says what there is` : error,
    );
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
