import { RecordingsView } from '../../components/views/recordings/RecordingsView.tsx';

export default function Page() {
  return <RecordingsView />;
}
