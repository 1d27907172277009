/** Branded units: a number that says what it counts. Made only at the edges, by the `as*` functions. */
declare const unit: unique symbol;
type Branded<Unit extends string> = number & { readonly [unit]: Unit };

/** Nanoseconds since the capture's base time; exact for 104 days. */
export type Ns = Branded<'ns'>;
/** Packet id: identity of one skb from first sight to free; survives address reuse. Below 2^53. */
export type PacketId = Branded<'packet id'>;
/** Inode number of a network namespace; 0 means unknown. */
export type NetnsInode = Branded<'netns inode'>;
/** Id of a probed kernel function, as in the source's function table; 0 means none. */
export type FuncId = Branded<'function id'>;
/** Kernel address as 16 hexadecimal digits without 0x. */
export type KernelAddress = string & { readonly [unit]: 'kernel address' };

export const asNs = (value: number): Ns => value as Ns;
export const asPacketId = (value: number): PacketId => value as PacketId;
export const asNetnsInode = (value: number): NetnsInode => value as NetnsInode;
export const asFuncId = (value: number): FuncId => value as FuncId;
export const asKernelAddress = (value: string): KernelAddress => value as KernelAddress;
