'use client';

import { Separator } from 'react-resizable-panels';

/** Between two panes; drawn with the pointer, or with the arrow keys when it has the focus. */
export const Divider = ({ label }: { readonly label: string }) => (
  <Separator
    aria-label={label}
    className="bg-line-strong outline-offset-[-1px] transition-colors aria-[orientation=horizontal]:h-px aria-[orientation=vertical]:w-px data-[separator=active]:bg-focus data-[separator=hover]:bg-focus"
  />
);
