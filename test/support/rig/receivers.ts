/** Who a rig's operator notifies: the Secret, brought into its pods at once. */
import type { Rig } from '../../cluster/rig.ts';
import { apply, OPERATOR_NAMESPACE } from './installation.ts';

const NAME = 'dnshealth-notifications';

/** @param file content of the file of receivers, valid or not */
export async function setReceivers(rig: Rig, file: string): Promise<void> {
  const metadata = { name: NAME, namespace: OPERATOR_NAMESPACE };
  await apply(rig, { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { 'receivers.yaml': file } });
  await syncPods(rig);
}

export async function removeReceivers(rig: Rig): Promise<void> {
  await rig.kubectl(['-n', OPERATOR_NAMESPACE, 'delete', 'secret', NAME, '--ignore-not-found']);
  await syncPods(rig);
}

/** A kubelet brings a change of a Secret into a pod when it looks at the pod the next time, as after this change of it. */
async function syncPods(rig: Rig): Promise<void> {
  const pods = ['pods', '--selector=app.kubernetes.io/name=dnshealth-operator'];
  const now = `test/receivers=${Date.now()}`;
  await rig.kubectl(['-n', OPERATOR_NAMESPACE, 'annotate', ...pods, '--overwrite', now]);
}
