import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../scripts/npm-command.js';

const TOOLS = {
  ghz: 'go install github.com/bojand/ghz/cmd/ghz@v0.93.0, and $(go env GOPATH)/bin in PATH',
  go: 'apt-get install golang-go, or https://go.dev/dl/ (1.26 or newer)',
};

/** Names what is missing, with the command that installs it. */
export function requireTools(names: readonly (keyof typeof TOOLS)[]): void {
  const missing = names.filter((name) => !found(name));
  if (missing.length === 0) return;
  const lines = missing.map((name) => `${name} drives the load and is not in PATH: ${TOOLS[name]}`);
  throw new UsageError(lines.join('\n'));
}

function found(name: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
