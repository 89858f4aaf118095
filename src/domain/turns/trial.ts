/**
 * What moved on trial, since the commits that carry it may be lost: in rounds, one a commit. Commits are durable in their order, so the
 * oldest round is kept first; and where one is lost, all are taken back, since those after it were decided on what it did.
 */
export class Trial {
  private readonly sealed: (() => void)[][] = [];
  private open: (() => void)[] = [];

  /** Something moved; this takes it back. */
  moved(takeBack: () => void): void {
    this.open.push(takeBack);
  }

  /** What moves from now on is another round's. */
  seal(): void {
    this.sealed.push(this.open);
    this.open = [];
  }

  /** The oldest round stays as it is; the open one, where none is sealed. */
  keep(): void {
    if (this.sealed.shift() === undefined) this.open = [];
  }

  /** What the open round did never was. */
  rollBackOpen(): void {
    for (let takeBack = this.open.pop(); takeBack !== undefined; takeBack = this.open.pop()) takeBack();
  }

  /** None of it ever was. */
  rollBack(): void {
    this.rollBackOpen();
    for (let round = this.sealed.pop(); round !== undefined; round = this.sealed.pop()) {
      this.open = round;
      this.rollBackOpen();
    }
  }
}
