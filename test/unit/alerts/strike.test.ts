import { describe, expect, it } from 'vitest';
import { struck } from '../../../src/alerts/strike.js';

const PATH = '/services/T0AB/B99xy/Zm9vYmFyYmF6cXV4?key=sec%2Fret%20one&sig=0a1b2c3d4e5f';
const PARTS = ['T0AB', 'B99xy', 'Zm9vYmFyYmF6cXV4', 'sec/ret one', '0a1b2c3d4e5f'];
const SECRETS = [PATH, '', 'v1=00ff00ff00ff00ff'];

function html(text: string): string {
  return text.replace(/[&/=]/g, (sign) => `&#${sign.codePointAt(0)};`);
}

describe('an echo of a secret address', () => {
  it.each<[string, string]>([
    ['as it is', `no hook at ${PATH}`],
    ['decoded', `no hook at ${decodeURIComponent(PATH)}`],
    ['encoded', `no hook at ${encodeURIComponent(PATH)}`],
    ['encoded twice', `no hook at ${encodeURIComponent(encodeURIComponent(PATH))}`],
    ['in JSON', `no hook at ${JSON.stringify({ path: PATH }).replaceAll('/', '\\/')}`],
    ['in JSON, escaped', `no hook at ${PATH.replaceAll('=', '\\u003d').replaceAll('&', '\\u0026')}`],
    ['in HTML', `no hook at ${html(PATH)}`],
    ['in upper case', `no hook at ${PATH.toUpperCase()}`],
    ['part by part', `no hook at ${PARTS.join(' or ')}`],
    ['with lines between', `no hook at ${PATH.split('/').join('\n')}`],
    ['cut at its end', `no hook at ${PATH.slice(0, 30)}`],
    ['cut at its beginning', `no hook at ${PATH.slice(25)}`],
    ['of the signature', 'no hook at v1=00ff00ff00ff00ff'],
    ['of half the signature', 'no hook at 00ff00ff'],
  ])('%s tells nothing of it', (_name, echo) => {
    const told = struck(echo, SECRETS);
    expect(told).toContain('no hook at ');
    expect(told).toContain('***');
    for (const part of PARTS) expect(told.toLowerCase()).not.toContain(part.toLowerCase());
    expect(told).not.toContain('9vYmFy');
    expect(told).not.toContain('00ff');
  });

  it('leaves what is no part of it', () => {
    for (const text of ['', 'busy <b>', 'the payload was invalid: 12 errors in line 5', 'no such hook'])
      expect(struck(text, [...SECRETS, '/hook'])).toBe(text);
  });

  it('hides every stretch of six signs, wherever it is cut', () => {
    for (let at = 0; at + 8 <= PATH.length; at += 1) {
      const part = PATH.slice(at, at + 8);
      if (!/^[a-z0-9]{8}$/i.test(part)) continue;
      expect(struck(`- ${part} -`, SECRETS)).toBe('- *** -');
    }
  });
});
