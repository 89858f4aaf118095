/** How one figure stands at one size. */
export interface GrowthLine {
  readonly what: string;
  /** The size, in words. */
  readonly at: string;
  readonly unit: 'ms' | 'bytes' | 'MiB';
  readonly value: number;
  /** To the smallest size. */
  readonly ratio?: number;
}

/** What a part of the growth found: lines for the table, and figures that targets are held against. */
export interface Growth {
  readonly lines: readonly GrowthLine[];
  readonly figures: readonly (readonly [string, number])[];
}
