import { describe, expect, it } from 'vitest';
import { generator } from '../../wire/test/random.ts';
import { PacketIndex } from '../packet-index.ts';

describe('the index of packets', () => {
  it('finds what was set and not what was freed, as a map does', () => {
    const random = generator(3);
    const index = new PacketIndex(64);
    const map = new Map<number, number>();
    const free = Array.from({ length: 64 }, (_, slot) => slot);
    for (let i = 0; i < 20_000; i += 1) {
      // few different ids, some beyond 32 bits: places collide
      const packet = 1 + (random() % 200) + (random() % 2) * 2 ** 40;
      const slot = map.get(packet);
      if (slot !== undefined) {
        index.free(slot);
        map.delete(packet);
        free.push(slot);
      } else {
        const next = free.pop();
        if (next === undefined) continue;
        index.set(packet, next);
        map.set(packet, next);
      }
      const probe = 1 + (random() % 200) + (random() % 2) * 2 ** 40;
      expect(index.find(probe)).toBe(map.get(probe) ?? -1);
    }
    for (const [packet, slot] of map) expect([index.find(packet), index.idAt(slot)]).toEqual([slot, packet]);
    expect(index.size).toBe(map.size);
  });

  it('is empty after it was cleared, and takes no harm from freeing a free slot', () => {
    const index = new PacketIndex(4);
    index.set(9, 2);
    index.free(1);
    expect(index.find(9)).toBe(2);
    index.clear();
    expect([index.find(9), index.size, index.idAt(2)]).toEqual([-1, 0, 0]);
  });
});
