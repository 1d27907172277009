import { Notice } from '../components/ui/Notice.tsx';

export default function NotFound() {
  return (
    <Notice title="There is no such page" action={<a href="/">Open the dashboard</a>}>
      skbtracer has one page, at the address that was printed when it started.
    </Notice>
  );
}
