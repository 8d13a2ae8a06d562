/** What someone with the role edit in all namespaces could try in those of the operator. */
import { MERGE, type Mutable, type Mutant } from './mutant.ts';

const NODE = '/api/v1/namespaces/dnshealth-node';
const CHECK = '/api/v1/namespaces/dnshealth-check';
const JOBS = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const APPS = '/apis/apps/v1/namespaces/dnshealth-node';

/** @param repair and @param proof both exist, made by the operator */
export function editorMutants(repair: Mutable, proof: Mutable): readonly Omit<Mutant, 'deniedBy'>[] {
  const spec = repair.spec.template.spec;
  const job = `${JOBS}/${repair.metadata.name}`;
  const check = `${CHECK}/pods/${proof.metadata.name}`;
  const template = {
    metadata: { labels: { app: 'mine' } },
    spec: { containers: [{ name: 'c', image: 'busybox' }] },
  };
  const workload = { selector: { matchLabels: { app: 'mine' } }, template };
  const metadata = { name: 'mine' };
  const create = (what: string, path: string, body: object) =>
    ({ what, method: 'POST', path, body }) as const;
  const patch = (what: string, path: string, body: object) =>
    ({ what, method: 'PATCH', path, body, contentType: MERGE }) as const;
  // As the Pod Security level of the namespace asks for, which would deny it otherwise.
  const restricted = proof.spec.containers[0].securityContext;
  const checkPod = (change: object) => ({
    ...proof,
    metadata: { namespace: 'dnshealth-check', name: 'mine', ...change },
  });
  return [
    create('a pod beside the Jobs', `${NODE}/pods`, { metadata, spec }),
    create('a privileged pod beside the Jobs', `${NODE}/pods`, {
      metadata,
      spec: { containers: [{ name: 'c', image: 'busybox', securityContext: { privileged: true } }] },
    }),
    create('a pod that says it is of a Job', `${NODE}/pods`, {
      metadata: {
        ...metadata,
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'x', uid: 'x', controller: true }],
      },
      spec,
    }),
    create('a Job like that of the operator', JOBS, {
      ...repair,
      metadata: { ...repair.metadata, ...metadata },
    }),
    create('a CronJob', '/apis/batch/v1/namespaces/dnshealth-node/cronjobs', {
      metadata,
      spec: { schedule: '* * * * *', jobTemplate: { spec: repair.spec } },
    }),
    create('a Deployment', `${APPS}/deployments`, { metadata, spec: workload }),
    create('a DaemonSet', `${APPS}/daemonsets`, { metadata, spec: workload }),
    create('a StatefulSet', `${APPS}/statefulsets`, { metadata, spec: { ...workload, serviceName: 'x' } }),
    create('a ReplicaSet', `${APPS}/replicasets`, { metadata, spec: workload }),
    create('a ReplicationController', `${NODE}/replicationcontrollers`, {
      metadata,
      spec: { selector: { app: 'mine' }, template },
    }),
    patch('more pods of a Job', job, { spec: { parallelism: 100 } }),
    create('a shell in a check', `${check}/exec?command=sh&stdout=true`, {}),
    create('a terminal of a check', `${check}/attach?stdout=true`, {}),
    create('a port of a check', `${check}/portforward?ports=1`, {}),
    patch('an ephemeral container in a check', `${check}/ephemeralcontainers`, {
      spec: {
        ephemeralContainers: [
          { name: 'x', image: 'busybox', targetContainerName: 'agent', securityContext: restricted },
        ],
      },
    }),
    patch('the labels of a proof', check, {
      metadata: { labels: { 'dnshealth.io/remediation': 'another' } },
    }),
    {
      ...patch('the image of a check', check, []),
      contentType: 'application/json-patch+json',
      body: [{ op: 'replace', path: '/spec/containers/0/image', value: 'busybox' }],
    },
    create(
      'a proof of its own',
      `${CHECK}/pods`,
      checkPod({ name: 'node-1-0123abce-proof', ...proof.metadata }),
    ),
    create('a proof without an owner', `${CHECK}/pods`, checkPod({ labels: proof.metadata.labels ?? {} })),
    create(
      'a check of a person that belongs to a remediation',
      `${CHECK}/pods`,
      checkPod({
        name: 'dnshealth-check-x',
        labels: { 'app.kubernetes.io/managed-by': 'kubectl-dnshealth' },
        ownerReferences: proof.metadata.ownerReferences ?? [],
      }),
    ),
    create(
      'a check under the name of a proof',
      `${CHECK}/pods`,
      checkPod({
        name: 'node-1-0123abce-proof',
        labels: { 'app.kubernetes.io/managed-by': 'kubectl-dnshealth' },
      }),
    ),
    create('any other pod beside the checks', `${CHECK}/pods`, checkPod({})),
  ];
}
