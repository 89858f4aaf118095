import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/config.js';
import { issue, makeAuthority } from '../support/certificates.js';

/** Reads a CONFIG_FILE of the chart as the service does on the addresses of its image; gives its warnings. */
export function readFromText(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  try {
    const { cert, key } = issue(makeAuthority('x'), { commonName: 'budget-arbiter' });
    writeFileSync(join(folder, 'tls.crt'), cert);
    writeFileSync(join(folder, 'tls.key'), key);
    writeFileSync(join(folder, 'jwks.json'), '{"keys":[]}');
    writeFileSync(join(folder, 'config.yaml'), text.replaceAll(/\/etc\/budget-arbiter\/\w+\//g, ''));
    const addresses = { GRPC_ADDRESS: '0.0.0.0:50051', HTTP_ADDRESS: '0.0.0.0:8080' };
    return loadConfig({ CONFIG_FILE: join(folder, 'config.yaml'), ...addresses }).warnings;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
