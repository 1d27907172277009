import type { Failure } from '../../../core/base/result.ts';

/** Where in an expression the fault is: ` (at “portt 80”)`; '' when the compiler did not say. */
export function placeText(expression: string, { position }: Failure): string {
  if (position === undefined) return '';
  return ` (at “${expression.slice(position, position + 24) || 'the end'}”)`;
}
