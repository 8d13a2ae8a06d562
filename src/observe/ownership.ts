/** Does a workload own a pod? The chain of controllers is followed by uid, so that a look-alike does not count. */
import { DNS_NAMESPACE } from '../api/keys.ts';
import type { DnsWorkload } from '../api/policy/scope.ts';
import type { KubeClient } from '../kube/client.ts';
import { nullIfNotFound } from '../kube/errors.ts';
import type { DnsPod } from './dns-pod.ts';

interface Owned {
  readonly metadata?: {
    readonly uid?: string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
}

export interface Workload {
  readonly kind: DnsWorkload['kind'];
  readonly name: string;
}

/** A DNS pod with the workload that owns it, as a policy names it. */
export type OwnedPod = DnsPod & { readonly workload: DnsWorkload };

/** A label alone proves nothing: everyone who may create pods there can set it. */
export interface Ownership {
  owns(workload: Workload, pod: DnsPod, signal: AbortSignal): Promise<boolean>;
}

export interface Owners {
  /** The workload that owns a pod; null if none does, or one of another kind. */
  workloadOf(pod: DnsPod, signal: AbortSignal): Promise<Workload | null>;
}

/**
 * A positive answer is cached by uid: an owner never changes, and a uid is never reused.
 * An error of the API (403, unreachable) is thrown, and never mistaken for "no".
 */
export function createOwnership(kube: KubeClient): Ownership & Owners {
  const deploymentOf = new Map<string, string>();
  const daemonSets = new Set<string>();
  const asking = new Map<string, Promise<Owned | null>>();

  /** Concurrent requests for one object share one call: a policy asks for all its pods at once. */
  async function get(resource: string, name: string, signal: AbortSignal): Promise<Owned | null> {
    const path = `/apis/apps/v1/namespaces/${DNS_NAMESPACE}/${resource}/${name}`;
    // With the signal of the first caller: signals abort when the process ends, for all reconciles alike.
    const answer = asking.get(path) ?? ask(path, signal).finally(() => asking.delete(path));
    asking.set(path, answer);
    return answer;
  }

  async function ask(path: string, signal: AbortSignal): Promise<Owned | null> {
    return nullIfNotFound(kube.raw.request<Owned>({ method: 'GET', path, signal }));
  }

  /** The name of the Deployment that owns this ReplicaSet, if both exist under these uids. */
  async function deploymentNameOf(
    replicaSet: { name: string; uid: string },
    signal: AbortSignal,
  ): Promise<string | null> {
    const known = deploymentOf.get(replicaSet.uid);
    if (known !== undefined) return known;
    const set = await get('replicasets', replicaSet.name, signal);
    if (set?.metadata?.uid !== replicaSet.uid) return null;
    const owner = set.metadata.ownerReferences?.find((reference) => reference.controller === true);
    if (owner?.kind !== 'Deployment') return null;
    const deployment = await get('deployments', owner.name, signal);
    const name = deployment?.metadata?.uid === owner.uid ? owner.name : null;
    if (name !== null) deploymentOf.set(replicaSet.uid, name);
    return name;
  }

  async function isDaemonSet(
    { name, uid }: { name: string; uid: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    if (daemonSets.has(uid)) return true;
    const set = await get('daemonsets', name, signal);
    if (set?.metadata?.uid !== uid) return false;
    daemonSets.add(uid);
    return true;
  }

  return {
    async workloadOf({ controller }, signal) {
      if (controller?.kind === 'DaemonSet')
        return (await isDaemonSet(controller, signal)) ? { kind: 'DaemonSet', name: controller.name } : null;
      if (controller?.kind !== 'ReplicaSet') return null;
      const name = await deploymentNameOf(controller, signal);
      return name === null ? null : { kind: 'Deployment', name };
    },
    async owns(workload, pod, signal) {
      const { controller } = pod;
      if (!controller) return false;
      // No request for a pod of another kind or name.
      if (workload.kind === 'DaemonSet')
        return (
          controller.kind === 'DaemonSet' &&
          controller.name === workload.name &&
          (await isDaemonSet(controller, signal))
        );
      if (controller.kind !== 'ReplicaSet') return false;
      return (await deploymentNameOf(controller, signal)) === workload.name;
    },
  };
}
