import { Dashboard } from '../components/views/shell/Dashboard.tsx';

export default function Page() {
  return <Dashboard />;
}
