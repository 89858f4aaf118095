import { homedir } from 'node:os';
import path from 'node:path';

/** What is fetched or made once for all runs: it may be deleted at any time, and comes again. */
export const CACHE = path.join(
  process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
  'budget-arbiter-ci',
);
/** What Maven fetched. Maven does not lock it: use `mavenLocked`. */
export const MAVEN_REPOSITORY = path.join(CACHE, 'maven');
