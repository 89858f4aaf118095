const SHORT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumSignificantDigits: 3 });

/** An amount of tokens as a page in British English has it: from a million on in three digits. */
export function asWritten(amount: number): string {
  if (amount < 1_000_000) return amount.toLocaleString('en-GB');
  return SHORT.format(amount).replace(/m$/, '\u00a0M').replace(/bn$/, '\u00a0bn');
}
