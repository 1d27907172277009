import { expect, it } from 'vitest';
import { SessionAssembler } from '../../../core/model/assembler.ts';
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
