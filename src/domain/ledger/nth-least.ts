/** The nth least of some numbers, n from 1, in linear time; the numbers change their places. Undefined if there are fewer. */
export function nthLeast(numbers: Float64Array, n: number): number | undefined {
  const at = n - 1;
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const { left, right } = parted(numbers, low, high);
    if (at <= right) high = right;
    else if (at >= left) low = left;
    else break;
  }
  return numbers[at];
}

/** Less than the middle one up to `right`, more from `left` on, equal between. */
function parted(numbers: Float64Array, low: number, high: number): { left: number; right: number } {
  const pivot = value(numbers, (low + high) >> 1);
  let [left, right] = [low, high];
  while (left <= right) {
    while (value(numbers, left) < pivot) left += 1;
    while (value(numbers, right) > pivot) right -= 1;
    if (left > right) break;
    const moved = value(numbers, left);
    numbers[left] = value(numbers, right);
    numbers[right] = moved;
    left += 1;
    right -= 1;
  }
  return { left, right };
}

function value(numbers: Float64Array, at: number): number {
  return numbers[at] ?? Number.NaN;
}
