import { Notice } from '../components/ui/Notice.tsx';

export default function NotFound() {
  return (
    <Notice title="There is no such page" action={<a href="/">Open the dashboard</a>}>
      The dashboard is at the address that was printed when it started, and recordings are listed at
      /recordings.
    </Notice>
  );
}
