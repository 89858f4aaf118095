/** What the default policy comes to, in tokens. */
export const ENFORCED = 140_000;
/** In a month. */
export const GRANTABLE = 137_200;
export const LARGEST_DAY = 11_200;
export const LARGEST_HOUR = 700;
