/** Checks that the operator would never create: one change each of one that it does. */
import { type Mutable, type Mutant, mutantsOf } from './mutant.ts';

const DENIED = { path: '/api/v1/namespaces/dnshealth-check/pods', deniedBy: 'dnshealth-checks' };

const agent = (pod: Mutable): Mutable => pod.spec.containers[0];

/** @param proof a check that belongs to a remediation */
export const checkMutants = (proof: Mutable): readonly Mutant[] =>
  mutantsOf(proof, DENIED, {
    'a check with another image': (pod) => (agent(pod).image = 'busybox'),
    'a check with a shell': (pod) => (agent(pod).command = ['sh']),
    'a check with other arguments': (pod) => (agent(pod).args = ['--eval', '1']),
    'a check with NODE_OPTIONS': (pod) => agent(pod).env.push({ name: 'NODE_OPTIONS', value: '--inspect' }),
    'a check that repairs': (pod) =>
      (agent(pod).env[0].value = agent(pod).env[0].value.replace('"verb":"check"', '"verb":"repair"')),
    'a check with the nonce of another remediation': (pod) =>
      (agent(pod).env[0].value = agent(pod).env[0].value.replace(/"nonce":"[^"]*"/, '"nonce":"another"')),
    'a check with a second container': (pod) => pod.spec.containers.push({ ...agent(pod), name: 'more' }),
    'a check with an init container': (pod) => (pod.spec.initContainers = [{ ...agent(pod), name: 'more' }]),
    'a check with a volume': (pod) => (pod.spec.volumes = [{ name: 'more', emptyDir: {} }]),
    'a check with a Secret': (pod) => (pod.spec.volumes = [{ name: 'more', secret: { secretName: 'x' } }]),
    'a check with a token': (pod) => (pod.spec.automountServiceAccountToken = true),
    'a check as another account': (pod) => (pod.spec.serviceAccountName = 'default'),
    'a check on any node': (pod) => delete pod.spec.nodeName,
    'a check that never ends': (pod) => delete pod.spec.activeDeadlineSeconds,
    'a check that ends in a day': (pod) => (pod.spec.activeDeadlineSeconds = 86_400),
    'a check that starts again': (pod) => (pod.spec.restartPolicy = 'Always'),
    'a check with cluster DNS': (pod) => (pod.spec.dnsPolicy = 'ClusterFirst'),
    'a check with its own nameserver': (pod) => (pod.spec.dnsConfig = { nameservers: ['192.0.2.1'] }),
    'a check with names for addresses': (pod) =>
      (pod.spec.hostAliases = [{ ip: '192.0.2.1', hostnames: ['x'] }]),
    'a check as another user': (pod) => (agent(pod).securityContext.runAsUser = 1000),
    'a check that can write': (pod) => (agent(pod).securityContext.readOnlyRootFilesystem = false),
    'a check with a hook': (pod) => (agent(pod).lifecycle = { preStop: { exec: { command: ['sh'] } } }),
    'a check without its owner': (pod) => delete pod.metadata.ownerReferences,
    'a check of another owner': (pod) => (pod.metadata.ownerReferences[0].name = 'another'),
    'a check under another name': (pod) => (pod.metadata.name = 'another'),
    'a check with one more label': (pod) => (pod.metadata.labels['example.com/x'] = 'y'),
  });
