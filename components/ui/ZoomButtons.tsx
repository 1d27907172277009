'use client';

import { Maximize2, Minus, Plus } from 'lucide-react';
import { Button } from './Button.tsx';

interface ZoomButtonsProps {
  /** What is fitted into the room there is: `the whole path`. */
  readonly what: string;
  readonly onIn: () => void;
  readonly onOut: () => void;
  readonly onFit: () => void;
}

/** Zoom of a drawing, by the mouse; `+`, `-` and `f` do the same. */
export function ZoomButtons({ what, onIn, onOut, onFit }: ZoomButtonsProps) {
  return (
    <>
      <Button look="quiet" square aria-label="Zoom in" title="Zoom in (+)" onClick={onIn}>
        <Plus size={14} aria-hidden />
      </Button>
      <Button look="quiet" square aria-label="Zoom out" title="Zoom out (-)" onClick={onOut}>
        <Minus size={14} aria-hidden />
      </Button>
      <Button look="quiet" square aria-label={`Fit ${what}`} title="Fit (f)" onClick={onFit}>
        <Maximize2 size={13} aria-hidden />
      </Button>
    </>
  );
}
