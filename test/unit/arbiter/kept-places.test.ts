import { expect, it } from 'vitest';
import { KeptPlaces } from '../../../src/arbiter/kept-places.js';
import { acquire } from '../../support/requests.js';

const mine = { ...acquire('a', { requestId: 'mine' }), requestIdMade: false };

it.each<[string, Parameters<typeof acquire>[1] & { aiId?: string }, number, number | undefined]>([
  ['for whoever repeats the request id', {}, 59_999, 7],
  ['for a minute', {}, 60_000, undefined],
  ['not for another AI', { aiId: 'b' }, 0, undefined],
  ['not for another request id', { requestId: 'another' }, 0, undefined],
])('a place is kept %s', (_, other, now, place) => {
  const places = new KeptPlaces();
  places.keep(mine, 7, 0);
  expect(places.take({ ...mine, ...other }, now)).toBe(place);
  expect(places.take({ ...mine, ...other }, now)).toBeUndefined();
});

it('no place is kept under an id that the server made', () => {
  const places = new KeptPlaces();
  places.keep({ ...mine, requestIdMade: true }, 7, 0);
  expect(places.take(mine, 0)).toBeUndefined();
});

it('a thousand places are kept, the latest of them', () => {
  const places = new KeptPlaces();
  for (let at = 1; at <= 1_500; at += 1) places.keep({ ...mine, requestId: `r-${at}` }, at, 0);
  const kept = Array.from({ length: 1_500 }, (_, at) =>
    places.take({ ...mine, requestId: `r-${at + 1}` }, 1),
  );
  expect(kept.filter((place) => place !== undefined)).toEqual(
    Array.from({ length: 1_000 }, (_, at) => 501 + at),
  );
});
