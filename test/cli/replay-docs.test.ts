import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = join(ROOT, 'docs/replay.md');

/** `RENEW_DOCS=true` puts what the commands print into the document. */
const renews = process.env['RENEW_DOCS'] === 'true';

it('the example of docs/replay.md prints what stands there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'replay-docs-'));
  try {
    const command = join(folder, 'budget-arbiter');
    const script = `#!/bin/sh\nexec node --import '${join(ROOT, 'node_modules/tsx/dist/esm/index.mjs')}' '${join(ROOT, 'src/bin.ts')}' "$@"\n`;
    writeFileSync(command, script);
    chmodSync(command, 0o755);
    const document = readFileSync(DOCUMENT, 'utf8');
    const [, commands = '', printed = ''] = /```sh\n(.*?)```\n\n```text\n(.*?)```/s.exec(document) ?? [];
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const output = execFileSync('bash', ['-e', '-c', commands], { cwd: folder, env, encoding: 'utf8' });
    if (renews)
      writeFileSync(
        DOCUMENT,
        document.replace(printed, () => output),
      );
    else expect(printed).toBe(output);
    expect(readFileSync(join(folder, 'office.svg'), 'utf8')).toContain('<svg');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
