import { describe, expect, it } from 'vitest';
import { isLoopback, parseAddress } from '../../../src/config/address.js';
import { durationText, parseDuration, parseMongoUri, shown } from '../../../src/config/values.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['2s', 2_000],
    ['0s', 0],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['0.001s', 1],
    ['31d', 2_678_400_000],
    ['1.0005s', undefined],
    ['2', undefined],
    ['', undefined],
    ['-2s', undefined],
    ['2 s', undefined],
    ['2S', undefined],
    ['1h30m', undefined],
    ['1e3s', undefined],
    ['999999999999d', undefined],
  ])('%j', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    [0, '0ms'],
    [500, '500ms'],
    [2_000, '2s'],
    [300_000, '5m'],
    [5_400_000, '90m'],
    [86_400_000, '1d'],
  ])('%d ms as text', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(parseDuration(text)).toBe(ms);
  });
});

describe('parseAddress', () => {
  it.each([
    ['127.0.0.1:50051', '127.0.0.1', 50_051, true],
    ['127.8.9.1:0', '127.8.9.1', 0, true],
    ['localhost:80', 'localhost', 80, true],
    ['[::1]:1234', '::1', 1_234, true],
    ['[0:0:0:0:0:0:0:1]:1', '0:0:0:0:0:0:0:1', 1, true],
    ['0.0.0.0:1', '0.0.0.0', 1, false],
    ['[::]:65535', '::', 65_535, false],
    ['10.0.0.1:1', '10.0.0.1', 1, false],
    ['budget.example.org:443', 'budget.example.org', 443, false],
    ['localhost.example.org:443', 'localhost.example.org', 443, false],
  ])('%s', (text, host, port, loopback) => {
    const address = parseAddress(text);
    expect(address).toEqual({ host, port, text });
    expect(address && isLoopback(address)).toBe(loopback);
  });

  it.each([
    '',
    ':50051',
    '50051',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '::1:1234',
    '[::1]',
    '[localhost]:1',
    '[127.0.0.1]:1',
    '256.0.0.1:1',
    '127.1:1',
    '1:2',
    'http://localhost:1',
    'local host:1',
    'localhost:1 ',
    '-a:1',
  ])('not %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('parseMongoUri', () => {
  it.each([
    ['mongodb://h', true],
    ['mongodb://a:27017,b:27018/?replicaSet=rs0', true],
    ['mongodb+srv://user:p%40ss@cluster.example.org/db?w=majority', true],
    ['mongodb://[::1]:27017/', true],
    ['mongodb://%2Ftmp%2Fmongodb.sock', true],
    ['mongo://h', false],
    ['mongodb://', false],
    ['mongodb://user:p@ss@h', false],
    ['mongodb://user:p/ss@h', false],
    ['h:27017', false],
    ['mongodb://h x', false],
  ])('%s', (uri, right) => {
    expect(parseMongoUri(uri)).toBe(right ? uri : undefined);
  });
});

describe('shown', () => {
  it.each([
    ['a "b"', '"a \\"b\\""'],
    [5, '5'],
    [null, 'nothing'],
    [[1], 'a list'],
    [{}, 'a map'],
  ])('%j', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it('cuts what is long', () => {
    expect(shown('x'.repeat(500))).toHaveLength(80);
  });
});
