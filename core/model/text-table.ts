/** Columns beside each other, each as wide as it must be. */
export type ColumnSide = 'left' | 'right';

/** A line for each row of cells; `sides` are those that their texts stand at. */
export function textTable(
  rows: readonly (readonly string[])[],
  sides: readonly ColumnSide[],
): readonly string[] {
  const widths = sides.map((_, i) => rows.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), 0));
  return rows.map((row) =>
    row
      .map((cell, i) => (sides[i] === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
