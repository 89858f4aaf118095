/** The oldest that is supported; the Go of the machine fetches it. */
export const OLDEST_GO = 'go1.24.13';
