/** A pattern of the whole numbers from `least` to `most`, both of them 0 or more, in decimal digits without leading zeros. */
export function wholeWithin(least: number, most: number): string {
  const parts: string[] = least === 0 ? ['0'] : [];
  const from = Math.max(least, 1);
  /** Of so many digits each number is within. */
  const whole: number[] = [];
  for (let digits = String(from).length; from <= most && digits <= String(most).length; digits += 1) {
    const [first, last] = [10 ** (digits - 1), 10 ** digits - 1];
    if (from <= first && last <= most) whole.push(digits - 1);
    else parts.push(...sameLength(String(Math.max(from, first)), String(Math.min(most, last))));
  }
  const [fewest, ...more] = whole;
  if (fewest !== undefined) parts.push(`[1-9][0-9]{${fewest},${more.at(-1) ?? fewest}}`);
  return `(?:${parts.join('|')})`;
}

/** Alternatives for the numbers from one to another of as many digits. */
function sameLength(from: string, to: string): string[] {
  const [first = '', last = '', others] = [from[0], to[0], from.length - 1];
  if (others === 0) return [digitsFrom(first, last)];
  const [tail, end] = [from.slice(1), to.slice(1)];
  if (first === last) return sameLength(tail, end).map((part) => first + part);
  const [zeros, nines] = ['0'.repeat(others), '9'.repeat(others)];
  // The first and the last of these digits stand with the whole ones between them where all may follow.
  const whole = [Number(first) + (tail === zeros ? 0 : 1), Number(last) - (end === nines ? 0 : 1)] as const;
  return [
    ...(tail === zeros ? [] : sameLength(tail, nines).map((part) => first + part)),
    ...(whole[0] > whole[1] ? [] : [`${digitsFrom(...whole)}[0-9]{${others}}`]),
    ...(end === nines ? [] : sameLength(zeros, end).map((part) => last + part)),
  ];
}

function digitsFrom(first: string | number, last: string | number): string {
  return Number(first) === Number(last) ? String(first) : `[${first}-${last}]`;
}
