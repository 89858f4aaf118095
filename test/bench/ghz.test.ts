import { describe, expect, it } from 'vitest';
import { readSummary } from '../../bench/drive/ghz.js';

const SUMMARY = `
Summary:
  Count:	24631
  Total:	3.02 s
  Slowest:	70.63 ms
  Requests/sec:	8167.12

Latency distribution:
  10 % in 3.66 ms 
  50 % in 551.20 us 
  99 % in 1.25 s 

Status code distribution:
  [OK]            24600 responses   
  [Unavailable]   31 responses   
`;

describe('the summary of ghz', () => {
  it('is read with its units, and calls that failed are not counted as calls', () => {
    expect(readSummary(SUMMARY)).toMatchObject({ calls: 24_600, errors: 31, seconds: 3.02, p99Ms: 1_250 });
    expect(readSummary(SUMMARY).p50Ms).toBeCloseTo(0.5512);
  });

  it('is shown where it cannot be read', () => {
    expect(() => readSummary('no such method')).toThrow('no such method');
  });
});
