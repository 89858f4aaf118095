/** Of real time: a fault of a real machine lasts as long as it lasts. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
