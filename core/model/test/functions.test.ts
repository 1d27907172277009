/** What is said of kernel functions: of every waypoint, once, in a sentence. */
import { describe, expect, it } from 'vitest';
import { EXPLAINED, explainFunction } from '../functions/index.ts';
import { stageOf } from '../stages.ts';
import { ORIGINAL_24, WAYPOINTS } from '../waypoints.ts';
import { readRecording } from './recording.ts';

describe('functions explained', () => {
  it('are all waypoints, the original’s, and whatever a recorded packet met', () => {
    const { names, paths } = readRecording();
    const met = paths.flatMap(({ hops }) =>
      hops.flatMap((hop) => (hop.kind === 'hop' ? [names.functionName(hop.func)] : [])),
    );
    const all = [...WAYPOINTS.map(({ name }) => name), ...ORIGINAL_24, ...met];
    expect([...new Set(all)].filter((name) => explainFunction(name) === undefined)).toEqual([]);
    expect(EXPLAINED.length).toBeGreaterThanOrEqual(150);
  });

  it('are explained once, each in other words', () => {
    const names = EXPLAINED.map(([name]) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    const sentences = EXPLAINED.map(([, sentence]) => sentence);
    expect(sentences.filter((sentence, i) => sentences.indexOf(sentence) !== i)).toEqual([]);
  });

  it('have one plain sentence', () => {
    for (const [name, sentence] of EXPLAINED) {
      expect(sentence, name).toMatch(/^[A-Za-z].*\.$/);
      expect(sentence.trim(), name).toBe(sentence);
      expect(sentence.slice(0, -1), name).not.toMatch(/[.!?] [A-Z]| {2}|'|TODO/);
      expect(sentence.length, name).toBeGreaterThanOrEqual(20);
      expect(sentence.length, name).toBeLessThanOrEqual(130);
    }
  });

  it('belong to a stage of the stack that their group is about', () => {
    expect(EXPLAINED.filter(([name]) => stageOf(name) === 'other').map(([name]) => name)).toEqual([]);
  });

  it('are found with what the compiler appended', () => {
    expect(explainFunction('ip_rcv_core.isra.0')).toBe(explainFunction('ip_rcv_core'));
    expect(explainFunction('no_such_function')).toBeUndefined();
  });
});
