interface StripePatternProps {
  readonly id: string;
  readonly colour: string;
  /** Of the ground, 0 to 1. */
  readonly strength: number;
  /** A path in a square of 4; undefined for none. */
  readonly stripes: string | undefined;
}

/** A fill for one series of a chart, told from others by lightness and stripes, not by colour alone. */
export const StripePattern = ({ id, colour, strength, stripes }: StripePatternProps) => (
  <pattern id={id} width={4} height={4} patternUnits="userSpaceOnUse">
    <rect width={4} height={4} fill="var(--surface)" />
    <rect width={4} height={4} fill={colour} opacity={strength} />
    {stripes !== undefined && <path d={stripes} stroke={colour} strokeWidth={1.4} fill="none" />}
  </pattern>
);
