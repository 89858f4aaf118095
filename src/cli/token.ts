import { stringify } from 'yaml';
import { newToken } from '../access/bearer-tokens.js';

export interface TokenOptions {
  readonly name: string;
  readonly role: 'ai' | 'viewer' | 'operator';
  readonly budgets: string;
  readonly ai?: readonly string[];
}

/** The token stands here and nowhere else: the configuration has its hash only. */
export function newTokenText({ name, role, budgets, ai = ['guardian'] }: TokenOptions): string {
  const { token, sha256 } = newToken();
  return [
    'The token, shown this once. Its caller sends it as "authorization: Bearer <token>":',
    '',
    `  ${token}`,
    '',
    'Its entry under credentials.tokens in CONFIG_FILE; choose the name and the roles:',
    '',
    `  - name: ${scalar(name)}`,
    `    sha256: ${sha256}`,
    '    roles:',
    `      - {role: ${role}, budgets: ${scalar(budgets)}${role === 'ai' ? `, ais: [${ai.map(scalar).join(', ')}]` : ''}}`,
  ].join('\n');
}

/** As YAML writes it inside of braces: `*` and a comma need quotes. */
function scalar(text: string): string {
  return /^[A-Za-z][\w-]*$/.test(text) ? text : stringify(text, { defaultStringType: 'QUOTE_DOUBLE' }).trim();
}
