/** Rules that need no more than the kernel's reason: one line of a table for each. */
import type { FactQuery } from '../../messages/facts.ts';
import { advise, type Scene } from './scene.ts';
import type { Advice, Category, DiagnosisRule, Tone } from './types.ts';

export interface ReasonEntry {
  readonly title: string | ((scene: Scene) => string);
  /** What to do: words, or words and commands. */
  readonly advice?: string | ((scene: Scene) => readonly Advice[]);
  readonly facts?: (scene: Scene) => readonly FactQuery[];
  /** Default: a problem. */
  readonly tone?: (scene: Scene) => Tone;
}

/** A rule that says what its table has for the kernel's own reason; always known. */
export function byReason(
  id: string,
  category: Category,
  entries: Readonly<Record<string, ReasonEntry>>,
): DiagnosisRule {
  const table = new Map(Object.entries(entries));
  return {
    id,
    category,
    explain(scene) {
      const entry = table.get(scene.reason);
      if (entry === undefined) return undefined;
      const { title, advice, facts, tone } = entry;
      return {
        title: typeof title === 'string' ? title : title(scene),
        advice: typeof advice === 'string' ? [advise(scene, advice)] : (advice?.(scene) ?? []),
        facts: facts?.(scene) ?? [],
        ...(tone && { tone: tone(scene) }),
      };
    },
  };
}
