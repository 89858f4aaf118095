import { describe, expect, it } from 'vitest';
import { redactSecrets } from '../../../src/platform/redact.js';

describe('redactSecrets', () => {
  it.each([
    ['mongodb://user:secret@host/db', 'mongodb://user:***@host/db'],
    ['mongodb+srv://user:secret@host', 'mongodb+srv://user:***@host'],
    ['mongodb://u:p@ss/w:rd@a:1,b:2/?x=1', 'mongodb://u:***@a:1,b:2/?x=1'],
    ['cannot reach mongodb://u:p@h: refused', 'cannot reach mongodb://u:***@h: refused'],
    ['{"uri":"mongodb://u:p@h"}', '{"uri":"mongodb://u:***@h"}'],
    [
      'mongodb://h/?tlsCertificateKeyFilePassword=pw&tls=true',
      'mongodb://h/?tlsCertificateKeyFilePassword=***&tls=true',
    ],
    [
      'mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:abc,X:1',
      'mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:***,X:1',
    ],
    ['mongodb://127.0.0.1:27017/', 'mongodb://127.0.0.1:27017/'],
    ['mail to a:b@c', 'mail to a:b@c'],
  ])('%s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });
});
