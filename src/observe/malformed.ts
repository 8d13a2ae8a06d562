/** An object that could not be understood is told where its owner looks: as an event on the object itself. */
import * as z from 'zod';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { OnMalformed } from '../runtime/reflector/store.ts';

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

export function eventOnMalformed(recorder: EventRecorder, { apiVersion, kind }: Kind): OnMalformed {
  return (_key, error, { name, namespace, uid }) => {
    // Without a name or uid there is nothing to tell it on; the log line and the metric are there all the same.
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
      note: `the operator cannot understand this object and leaves it out: ${problemOf(error)}`,
    });
  };
}

function problemOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}
