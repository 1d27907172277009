import type { Failure } from '../../../core/base/result.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';

/** In the place of a path that is not there yet, or no longer. */
export const PathPending = ({
  failure,
  onClose,
}: {
  readonly failure: Failure | undefined;
  readonly onClose: () => void;
}) =>
  failure === undefined ? (
    <div className="flex flex-1 items-center justify-center text-muted" role="status">
      Reading the path …
    </div>
  ) : (
    <Notice
      title="This packet’s path is not there any more"
      level={3}
      action={<Button onClick={onClose}>Close</Button>}
    >
      {failure.message}
    </Notice>
  );
