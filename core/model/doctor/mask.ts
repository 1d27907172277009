/** A mask of capabilities(7), as `hello` has it. */

/** Bits of those that are looked at (linux/capability.h). */
export const BITS = {
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_SYSLOG: 34,
} as const;
export type Privilege = keyof typeof BITS;

/** Whether a mask, as `hello` has it, has this capability; true when no mask was told. */
export const isHeld = (mask: string | undefined, name: Privilege): boolean =>
  mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(BITS[name])) & 1n) === 1n;
