/** What a source, live or recorded, has told until now. */
import type {
  CaptureState,
  NetnsInfo,
  SourceHello,
  SourceMessage,
  TracerStats,
} from '../../core/messages/source.ts';
import { NameBook } from '../../core/model/names.ts';

export class Told {
  readonly names = new NameBook();
  hello: SourceHello | undefined;
  namespaces: readonly NetnsInfo[] | undefined;
  stats: TracerStats | undefined;
  refused: readonly { readonly name: string; readonly reason: string }[] = [];
  capture: CaptureState = { phase: 'idle' };
  plan: { readonly attached: number; readonly backend: string; readonly attachMs: number } | undefined;

  take(message: SourceMessage): void {
    switch (message.type) {
      case 'hello':
        this.hello = message.hello;
        break;
      case 'functions':
        this.names.take({ functions: message.functions });
        break;
      case 'reasons':
        this.names.take({ reasons: message.reasons });
        break;
      case 'namespaces':
        this.namespaces = message.namespaces;
        this.names.take({ namespaces: message.namespaces });
        break;
      case 'cgroups':
        this.names.take({ cgroups: message.cgroups });
        break;
      case 'stats':
        this.stats = message.stats;
        break;
      case 'capture':
        this.capture = message.capture;
        if (message.capture.phase === 'running') {
          this.plan = message.capture;
          this.refused = message.capture.refused;
        }
        break;
      case 'topology':
      case 'reply':
        break;
    }
  }
}
