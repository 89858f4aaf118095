/** Bytes that often look like a message: small field numbers, fitting lengths, some noise. */
export function randomBytes(random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const noise = (length: number): number[] => Array.from({ length }, () => below(256));
  const bytes: number[] = [];
  for (let fields = below(6); fields >= 0; fields--) {
    const number = 1 + below(9);
    switch (below(6)) {
      case 0:
        bytes.push(number << 3, ...noise(1 + below(9)), below(128));
        break;
      case 1:
        bytes.push((number << 3) | 1, ...noise(8));
        break;
      case 2:
        bytes.push(...noise(below(12)));
        break;
      default: {
        const text =
          random() < 0.5 ? noise(below(20)) : [...Buffer.from('anthropic:1:7:abc').subarray(0, below(18))];
        bytes.push((number << 3) | 2, text.length, ...text);
      }
    }
  }
  return Uint8Array.from(bytes);
}
