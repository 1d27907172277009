import type { ComponentProps } from 'react';
import { cn } from './cn.ts';

type Look = 'primary' | 'outline' | 'quiet';

const LOOKS: Record<Look, string> = {
  primary: 'bg-primary text-on-primary hover:opacity-90 font-medium',
  outline: 'border border-control-line/60 bg-control text-text hover:bg-hover hover:border-control-line',
  quiet: 'text-soft hover:bg-hover hover:text-text',
};

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look;
  /** Square, for one icon; needs an aria-label. */
  readonly square?: boolean;
}

/** Of a button, and of a link that looks as one. */
const shape = (look: Look, square: boolean) =>
  cn(
    'inline-flex h-[26px] shrink-0 items-center justify-center gap-1.5 rounded-md text-xs whitespace-nowrap',
    'transition-colors duration-100 disabled:cursor-default disabled:opacity-45',
    'aria-disabled:cursor-default aria-disabled:opacity-45',
    'max-sm:h-9',
    square ? 'w-[26px] max-sm:w-9' : 'px-2.5',
    LOOKS[look],
  );

/** 26 px high. Disabled buttons stay focusable through `aria-disabled`; use `disabled` only inside forms. */
export function Button({
  look = 'outline',
  square = false,
  className,
  type = 'button',
  ...rest
}: ButtonProps) {
  return <button type={type} className={cn(shape(look, square), className)} {...rest} />;
}

interface ButtonLinkProps extends ComponentProps<'a'> {
  readonly look?: Look;
  /** Square, for one icon; needs an aria-label. */
  readonly square?: boolean;
}

/** Leads elsewhere, and looks as a button. */
export function ButtonLink({ look = 'outline', square = false, className, ...rest }: ButtonLinkProps) {
  return <a className={cn(shape(look, square), className)} {...rest} />;
}
