/** The small tables of a store: what the numbers in the others are called. */
import { asKernelAddress } from '../../core/base/units.ts';
import type { NameTables } from '../../core/messages/browser.ts';
import { NameBook } from '../../core/model/names.ts';
import { stageOf } from '../../core/model/stages.ts';
import type { NameTable, RowOf } from './schema.ts';

/** Small tables, each with all its rows. */
export type Rows = { readonly [T in NameTable]?: readonly RowOf<T>[] };

/** Tables of everything that is named in these, functions drop locations and all. */
export function nameRows({ functions, reasons, namespaces, symbols }: NameTables): Rows {
  const book = new NameBook();
  book.take({ ...(symbols && { symbols }) });
  return {
    ...(functions && {
      functions: functions.map(({ id, name, module }) => ({
        func: id,
        name,
        module,
        stage: stageOf(name, module),
      })),
    }),
    ...(reasons && { reasons: reasons.map(({ value, name }) => ({ reason: value, name })) }),
    ...(namespaces && {
      namespaces: namespaces.map(({ inode, name }) => ({ netns: inode, name })),
      interfaces: namespaces.flatMap(({ inode, interfaces }) =>
        interfaces.map(({ ifindex, name }) => ({ netns: inode, ifindex, name })),
      ),
    }),
    ...(symbols && {
      locations: symbols.map(({ address }) => ({
        location: address,
        name: book.locationName(asKernelAddress(address)),
      })),
    }),
  };
}
