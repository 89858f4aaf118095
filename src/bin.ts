#!/usr/bin/env node
import { runCli } from './cli/run.js';
import { startSmall } from './platform/young-objects.js';

/** The bin. A command that does not serve, such as a probe every few seconds, need not load what serving needs. */
const exitCode = await runCli(process.argv.slice(2));
if (exitCode === undefined) {
  startSmall();
  await import('./main.js');
} else process.exitCode = exitCode;
