import { ChevronDown } from 'lucide-react';
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cn } from './cn.ts';

const BOX =
  'flex h-[26px] min-w-0 items-center rounded-md border border-control-line/60 bg-control text-xs ' +
  'focus-within:border-focus focus-within:outline focus-within:outline-1 focus-within:outline-focus max-sm:h-9';

interface BoxProps {
  readonly label: string;
  readonly htmlFor: string;
  readonly problem?: string | undefined;
  readonly className?: string | undefined;
  readonly filled: boolean;
  readonly children: ReactNode;
}

/** The label stands inside the box, before the value, so that a row of fields reads as a sentence. */
function Box({ label, htmlFor, problem, className, filled, children }: BoxProps) {
  return (
    <div className={cn('relative min-w-0', className)}>
      <div className={cn(BOX, problem !== undefined && 'border-dropped')}>
        <label
          htmlFor={htmlFor}
          className={cn('shrink-0 pl-2 select-none', filled ? 'text-muted' : 'text-soft')}
        >
          {label}
        </label>
        {children}
      </div>
      {problem !== undefined && (
        <div
          id={`${htmlFor}-problem`}
          role="alert"
          className="absolute top-full left-0 z-30 mt-1 w-max max-w-72 rounded-md border border-dropped bg-overlay px-2 py-1 text-xs text-text shadow-pop"
        >
          {problem}
        </div>
      )}
    </div>
  );
}

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'id' | 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly problem?: string | undefined;
}

/** A one-line text field with its label inside. `problem` is shown below it and marks it invalid. */
export function TextField({ label, value, onValue, problem, className, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <Box label={label} htmlFor={id} problem={problem} className={className} filled={value !== ''}>
      <input
        id={id}
        value={value}
        onChange={(event) => onValue(event.target.value)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : `${id}-problem`}
        className="h-full w-full min-w-0 bg-transparent px-1.5 outline-none max-sm:text-base"
        {...rest}
      />
    </Box>
  );
}

interface SelectFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly className?: string;
  readonly title?: string;
}

/** The platform's own select: keyboard, touch and screen reader behave as everywhere. */
export function SelectField({ label, value, onValue, options, className, title }: SelectFieldProps) {
  const id = useId();
  return (
    <Box label={label} htmlFor={id} className={className} filled={value !== ''}>
      <select
        id={id}
        value={value}
        title={title}
        onChange={(event) => onValue(event.target.value)}
        className="h-full w-full min-w-0 appearance-none truncate bg-transparent pr-5 pl-1.5 outline-none [&>option]:bg-overlay [&>option]:text-text"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronDown size={12} aria-hidden className="pointer-events-none absolute right-1.5 text-muted" />
    </Box>
  );
}
