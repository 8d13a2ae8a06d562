/** Leader election on a Lease: the elector, its lock, a watch that shortens the failover, and an event. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createElector, type Elector, type ElectorOptions } from '../runtime/election/elector.ts';
import { createReflector } from '../runtime/reflector/reflector.ts';
import type { KubeClient } from './client.ts';
import type { EventRecorder } from './event-recorder.ts';
import { createLeaseLock, type KubeLease, type LeaseName, leasesPath, parseLease } from './lease-lock.ts';

interface LeaderElectionOptions extends Omit<ElectorOptions, 'lock' | 'identity'>, LeaseName {
  readonly kube: KubeClient;
  readonly recorder: EventRecorder;
}

/** As client-go's users do: the host name, which in a pod is the pod's name, and an id of this process. */
const processIdentity = (): string => `${hostname()}_${randomUUID()}`;

export function createLeaderElection(options: LeaderElectionOptions): Elector {
  const { kube, namespace, name, recorder, logger, metrics } = options;
  const identity = processIdentity();
  const elector = createElector({
    ...options,
    lock: createLeaseLock(kube.raw, { namespace, name }),
    identity,
  });
  const watched = createReflector({
    source: kube.listWatch({ path: leasesPath(namespace), fieldSelector: `metadata.name=${name}` }),
    transform: parseLease,
    logger,
    metrics,
  });
  watched.onChange((change) => elector.notice(change.kind === 'deleted' ? null : change.object));
  const stop = new AbortController();
  let watching: Promise<void> | undefined;

  void elector.elected.then((lease) => {
    recorder.record({
      regarding: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        namespace,
        name,
        uid: (lease as KubeLease).uid,
      },
      type: 'Normal',
      reason: 'LeaderElection',
      action: 'Lead',
      note: `${identity} became leader`,
    });
  });

  return {
    ...elector,
    start() {
      watching = watched.start(stop.signal);
      elector.start();
    },
    async release() {
      stop.abort(new Error('the election is over'));
      await Promise.all([elector.release(), watching]);
    },
  };
}
