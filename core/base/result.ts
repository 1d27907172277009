/**
 * An expected failure as a value. `code` is stable and machine-readable, `message` says what is wrong
 * and what to do about it, `position` (when there is one) is a zero-based offset in the text that was given.
 */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly position?: number;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: Failure };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });

export const fail = <T>(code: string, message: string, position?: number): Result<T> => ({
  ok: false,
  error: position === undefined ? { code, message } : { code, message, position },
});
