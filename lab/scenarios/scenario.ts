/** A real network, real traffic, and what must be true afterwards. */
export interface Scenario {
  /** A sentence that is true when it passes. */
  readonly name: string;
  /** Throws when it is not. */
  run(): Promise<void>;
}
