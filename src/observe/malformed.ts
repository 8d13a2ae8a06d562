/** Reports an object that does not match its schema where its owner looks: as an event on the object itself. */
import * as z from 'zod';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { OnMalformed } from '../runtime/reflector/store.ts';

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

export function eventOnMalformed(recorder: EventRecorder, { apiVersion, kind }: Kind): OnMalformed {
  return (_key, error, { name, namespace, uid }) => {
    // Without a name and a uid an event has no object; there still are the log line and the metric.
    if (name === undefined || uid === undefined) return;
    recorder.record({
      regarding: {
        apiVersion,
        kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        // `kubectl describe node` looks for the name, as the kubelet writes it.
        uid: kind === 'Node' ? name : uid,
      },
      type: 'Warning',
      reason: 'Malformed',
      action: 'Read',
      note: `This object is ignored, because it does not match its schema: ${problemOf(error)}.`,
    });
  };
}

/** What a schema found wrong, in one line. */
export function problemOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}
