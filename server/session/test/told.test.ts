import { expect, it } from 'vitest';
import { SessionAssembler } from '../../../core/model/assembler.ts';
import { NameBook } from '../../../core/model/names.ts';
import { joined } from '../../../core/model/path-table.ts';
import { batch, hop, stack, symbol } from '../../../core/wire/test/records.ts';
import { ToldNames } from '../told.ts';

it('symbols and stacks are told once, and stacks anew with another capture', () => {
  const assembler = new SessionAssembler();
  const told = new ToldNames(assembler);
  const capture = () =>
    assembler.take(
      batch(
        symbol({ address: 0x10, name: 'ip_rcv' }),
        stack({ id: 1, addresses: [0x10] }),
        hop({ stack: 1 }),
      ),
    );
  assembler.restart();
  capture();
  expect(told.next()).toMatchObject({
    symbols: [{ name: 'ip_rcv' }],
    stacks: [{ id: 1, addresses: ['0000000000000010'] }],
  });
  expect(told.next()).toBeUndefined();
  assembler.take(batch(stack({ id: 2, addresses: [] })));
  expect(told.next()).toEqual({ stacks: [{ id: 2, addresses: [] }] });
  assembler.restart();
  told.restart();
  expect(told.next()).toBeUndefined();
  capture();
  expect(told.next()).toMatchObject({ stacks: [{ id: 1 }] });
});

it('paths are told once they are numbered, and anew with another session', () => {
  const assembler = new SessionAssembler();
  const told = new ToldNames(assembler);
  const book = new NameBook();
  const funcs = (path: number) => {
    const all: number[] = [];
    return book.paths.walk(path, (func) => all.push(func)) ? all : undefined;
  };
  assembler.restart();
  assembler.take(batch(hop({ packet: 1, func: 7, generation: 1 })));
  expect(told.next(), 'nobody has asked for the row').toBeUndefined();
  assembler.rowsSince(0, 10);
  const first = told.next()?.paths;
  if (first === undefined) throw new Error('a path was numbered');
  expect(told.next()).toBeUndefined();
  assembler.take(batch(hop({ packet: 2, func: 8, time: 5, generation: 1 })));
  assembler.rowsSince(0, 10);
  const second = told.next()?.paths;
  if (second === undefined) throw new Error('another path was numbered');
  book.take({ paths: first });
  book.take({ paths: second });
  expect([funcs(1), funcs(2), funcs(3)]).toEqual([[7], [8], undefined]);

  // who connects again is told all again, and knows none twice
  book.take({ paths: joined(first, second) });
  expect([book.paths.size, funcs(1), funcs(2)]).toEqual([2, [7], [8]]);
  // who comes later is told all at once
  const later = new NameBook();
  later.take({ paths: joined(first, second) });
  expect(later.paths.size).toBe(2);

  assembler.take(batch(hop({ packet: 3, func: 9, generation: 2 })));
  assembler.rowsSince(0, 10);
  const other = told.next()?.paths;
  if (other === undefined) throw new Error('another session');
  expect(joined(first, other)).toBe(other);
  book.take({ paths: other });
  expect([funcs(1), funcs(2)]).toEqual([[9], undefined]);
});
