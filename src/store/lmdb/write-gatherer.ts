/**
 * Ours, since LMDB for Node begins a transaction with what it has by then: of the commits of 64 budgets in one turn of the event loop the
 * first would go alone, and those that follow in handfuls, each with flushes and pages of its own.
 *
 * Where the last turn had several writes, those of this one wait for its end, and go together. One that comes alone, as those
 * of a single budget do, goes at once.
 */
export class WriteGatherer {
  private gathered: (() => void)[] = [];
  private inThisTurn = 0;
  private inLastTurn = 0;

  /** `begin`: makes LMDB begin with what it was given. `atEndOfTurn`: passed in for tests. */
  constructor(
    private readonly begin: () => void,
    private readonly atEndOfTurn: (task: () => void) => void = setImmediate,
  ) {}

  /** `give` hands a write to LMDB, and must not throw. They are given in the order in which they came. */
  add(give: () => void): void {
    this.gathered.push(give);
    this.inThisTurn += 1;
    if (this.inThisTurn === 1) this.atEndOfTurn(() => this.endTurn());
    if (this.inLastTurn <= 1) this.send();
  }

  /** What was gathered goes now. */
  send(): void {
    if (this.gathered.length === 0) return;
    const { gathered } = this;
    this.gathered = [];
    for (const give of gathered) give();
    this.begin();
  }

  private endTurn(): void {
    this.inLastTurn = this.inThisTurn;
    this.inThisTurn = 0;
    this.send();
  }
}
