/** Jobs on a node that the operator would never create: one change each of one that it does. */
import { REQUEST_ENV } from '../../../src/api/agent-protocol.ts';
import { type Mutable, type Mutant, mutantsOf } from './mutant.ts';

const PATH = '/apis/batch/v1/namespaces/dnshealth-node/jobs';
const DENIED = { path: PATH, deniedBy: 'dnshealth-jobs' };

const pod = (job: Mutable): Mutable => job.spec.template.spec;
const agent = (job: Mutable): Mutable => pod(job).containers[0];
const guard = (job: Mutable): Mutable => pod(job).containers[1];
const security = (job: Mutable): Mutable => agent(job).securityContext;
const mountOf = (job: Mutable, name: string): Mutable =>
  agent(job).volumeMounts.find((mount: { name: string }) => mount.name === name);
/** Without what the API accepts only beside `readOnly`. */
function makeWritable(container: Mutable, name: string): void {
  const mount = container.volumeMounts.find((one: { name: string }) => one.name === name);
  delete mount.readOnly;
  delete mount.recursiveReadOnly;
}
const volumeOf = (job: Mutable, name: string): Mutable =>
  pod(job).volumes.find((volume: { name: string }) => volume.name === name);
/** Changes the text of the request, which is JSON. */
function rewrite(container: Mutable, change: (text: string) => string): void {
  const variable = container.env.find(({ name }: { name: string }) => name === REQUEST_ENV);
  const before = variable.value;
  variable.value = change(before);
  if (variable.value === before) throw new Error('the mutation changes nothing');
}
const withRequest = (container: Mutable, change: (request: Mutable) => void): void =>
  rewrite(container, (text) => {
    const request = JSON.parse(text);
    change(request);
    return JSON.stringify(request);
  });
function hostPath(job: Mutable, path: string, mountPath = '/host/etc/more'): void {
  pod(job).volumes.push({ name: 'more', hostPath: { path } });
  agent(job).volumeMounts.push({ name: 'more', mountPath });
}

/** @param repair with agent and guard, and the usual directories writable */
export const repairMutants = (repair: Mutable): readonly Mutant[] =>
  mutantsOf(repair, DENIED, {
    // The program.
    'another image': (job) => (agent(job).image = 'registry.example/rootkit'),
    'another tag of the image': (job) =>
      (agent(job).image = `${agent(job).image.replace(/[:@].*$/, '')}:old`),
    'no tag of the image': (job) => (agent(job).image = agent(job).image.replace(/[:@].*$/, '')),
    'the image in another registry': (job) => (agent(job).image = `evil.example/${agent(job).image}`),
    'another image of the guard': (job) => (guard(job).image = 'busybox'),
    'a shell': (job) => (agent(job).command = ['sh', '-c', 'id']),
    'no command, so that the image decides': (job) => delete agent(job).command,
    'a program of the node': (job) => (agent(job).command = ['/host/usr/bin/env']),
    'code on the command line': (job) => agent(job).args.splice(0, 3, '--eval', 'process.exit()'),
    'one more argument': (job) => agent(job).args.push('--inspect=0.0.0.0'),
    'an argument in front of the program': (job) => agent(job).args.unshift('--import=/host/etc/x.js'),
    'no arguments': (job) => delete agent(job).args,
    'another program of the image': (job) => (agent(job).args[2] = '/app/operator.js'),
    NODE_OPTIONS: (job) => agent(job).env.push({ name: 'NODE_OPTIONS', value: '--import=/host/tmp/x.js' }),
    LD_PRELOAD: (job) => agent(job).env.push({ name: 'LD_PRELOAD', value: '/host/tmp/x.so' }),
    'NODE_OPTIONS instead of the request': (job) =>
      (agent(job).env = [{ name: 'NODE_OPTIONS', value: '--inspect' }]),
    'the request out of a Secret': (job) =>
      (agent(job).env = [{ name: REQUEST_ENV, valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }]),
    'the environment out of a Secret': (job) => (agent(job).envFrom = [{ secretRef: { name: 'x' } }]),
    'a hook after the start': (job) => (agent(job).lifecycle = { postStart: { exec: { command: ['sh'] } } }),
    'a hook before the end': (job) => (agent(job).lifecycle = { preStop: { exec: { command: ['sh'] } } }),
    'a liveness probe': (job) => (agent(job).livenessProbe = { exec: { command: ['sh'] } }),
    'a startup probe': (job) => (agent(job).startupProbe = { exec: { command: ['sh'] } }),
    'a third container': (job) => pod(job).containers.push({ ...guard(job), name: 'more' }),
    'the guard under another name': (job) => (guard(job).name = 'helper'),
    'two guards and no agent': (job) => (agent(job).name = 'watch'),
    'an init container': (job) => (pod(job).initContainers = [{ ...guard(job), name: 'first' }]),
    'another working directory': (job) => (agent(job).workingDir = '/host/etc'),
    'a terminal': (job) => (agent(job).tty = true),
    'an input': (job) => (agent(job).stdin = true),
    'a port of the node': (job) => (agent(job).ports = [{ containerPort: 80, hostPort: 80 }]),
    'the report in another file': (job) => (agent(job).terminationMessagePath = '/host/etc/passwd'),
    'the log as report': (job) => (agent(job).terminationMessagePolicy = 'FallbackToLogsOnError'),
    'the image pulled each time': (job) => (agent(job).imagePullPolicy = 'Always'),
    // The container.
    privileged: (job) => Object.assign(security(job), { privileged: true, allowPrivilegeEscalation: true }),
    'a privileged guard': (job) =>
      Object.assign(guard(job).securityContext, { privileged: true, allowPrivilegeEscalation: true }),
    'an escalation of privileges': (job) => (security(job).allowPrivilegeEscalation = true),
    'the capability SYS_ADMIN': (job) => (security(job).capabilities.add = ['SYS_ADMIN']),
    'no capability dropped': (job) => delete security(job).capabilities,
    'one capability dropped': (job) => (security(job).capabilities.drop = ['NET_RAW']),
    'seccomp off': (job) => (security(job).seccompProfile = { type: 'Unconfined' }),
    'a seccomp profile of the node': (job) =>
      (security(job).seccompProfile = { type: 'Localhost', localhostProfile: 'x.json' }),
    'no seccomp profile': (job) => delete security(job).seccompProfile,
    'an unmasked /proc': (job) => {
      security(job).procMount = 'Unmasked';
      pod(job).hostUsers = false;
    },
    'a writable root': (job) => (security(job).readOnlyRootFilesystem = false),
    'another SELinux type': (job) => (security(job).seLinuxOptions = { type: 'unconfined_t' }),
    'another user': (job) => (security(job).runAsUser = 1000),
    'no security context': (job) => delete agent(job).securityContext,
    // The pod.
    'the process namespace of the node': (job) => (pod(job).hostPID = true),
    'the network of the node': (job) => (pod(job).hostNetwork = true),
    'the IPC namespace of the node': (job) => (pod(job).hostIPC = true),
    'processes shared': (job) => (pod(job).shareProcessNamespace = true),
    'a user namespace': (job) => (pod(job).hostUsers = false),
    'the root directory of the node': (job) => hostPath(job, '/'),
    'the socket of containerd': (job) => hostPath(job, '/run/containerd/containerd.sock'),
    '/proc of the node': (job) => hostPath(job, '/proc'),
    '/root of the node': (job) => hostPath(job, '/root'),
    '/var/lib/etcd of the node': (job) => hostPath(job, '/var/lib/etcd'),
    'another directory under a known name': (job) => (volumeOf(job, 'etc').hostPath.path = '/'),
    'a directory of a known name and another type': (job) =>
      (volumeOf(job, 'etc').hostPath.type = 'DirectoryOrCreate'),
    'a directory without a type': (job) => delete volumeOf(job, 'etc').hostPath.type,
    '/etc writable': (job) => makeWritable(agent(job), 'etc'),
    '/usr writable': (job) => makeWritable(agent(job), 'usr'),
    '/run writable for the guard': (job) => makeWritable(guard(job), 'run'),
    'a directory writable that the request does not name': (job) => {
      pod(job).volumes.push({ name: 'default', hostPath: { path: '/etc/default', type: 'Directory' } });
      agent(job).volumeMounts.push({ name: 'default', mountPath: '/host/etc/default' });
    },
    'a mount that comes back to the node': (job) => {
      Object.assign(security(job), { privileged: true, allowPrivilegeEscalation: true });
      delete mountOf(job, 'run').recursiveReadOnly;
      mountOf(job, 'run').mountPropagation = 'Bidirectional';
    },
    'mounts of the node that come in later': (job) => {
      delete mountOf(job, 'run').recursiveReadOnly;
      mountOf(job, 'run').mountPropagation = 'HostToContainer';
    },
    'a mount at another place': (job) => (mountOf(job, 'etc').mountPath = '/app'),
    'a part of a mount': (job) => (mountOf(job, 'etc').subPath = 'kubernetes'),
    'a part of a mount by a variable': (job) => (mountOf(job, 'etc').subPathExpr = '$(DNSHEALTH_REQUEST)'),
    'a mount that is not read-only below': (job) => (mountOf(job, 'run').recursiveReadOnly = 'Disabled'),
    'a Secret': (job) => pod(job).volumes.push({ name: 'more', secret: { secretName: 'x' } }),
    'a ConfigMap': (job) => pod(job).volumes.push({ name: 'more', configMap: { name: 'x' } }),
    'a token in a projected volume': (job) =>
      pod(job).volumes.push({
        name: 'more',
        projected: { sources: [{ serviceAccountToken: { path: 'token' } }] },
      }),
    'a CSI volume': (job) => pod(job).volumes.push({ name: 'more', csi: { driver: 'x.example' } }),
    'a directory in memory that is large': (job) => (volumeOf(job, 'hand-over').emptyDir.sizeLimit = '10Gi'),
    'a directory on the disk': (job) => (volumeOf(job, 'hand-over').emptyDir = {}),
    'the token of the account': (job) => (pod(job).automountServiceAccountToken = true),
    'another account': (job) => (pod(job).serviceAccountName = 'default'),
    'names for addresses': (job) => (pod(job).hostAliases = [{ ip: '192.0.2.1', hostnames: ['x'] }]),
    'another runtime': (job) => (pod(job).runtimeClassName = 'unconfined'),
    'system-cluster-critical': (job) => (pod(job).priorityClassName = 'system-cluster-critical'),
    'no node, and a selector': (job) => {
      delete pod(job).nodeName;
      pod(job).nodeSelector = { 'node-role.kubernetes.io/control-plane': '' };
    },
    'a selector of nodes': (job) => (pod(job).nodeSelector = { a: 'b' }),
    'an affinity': (job) => (pod(job).affinity = { nodeAffinity: {} }),
    'another scheduler': (job) => (pod(job).schedulerName = 'mine'),
    'a restart after a failure': (job) => (pod(job).restartPolicy = 'OnFailure'),
    'cluster DNS': (job) => (pod(job).dnsPolicy = 'ClusterFirst'),
    'a nameserver': (job) => (pod(job).dnsConfig = { nameservers: ['192.0.2.1'] }),
    'kernel settings': (job) =>
      (pod(job).securityContext = { sysctls: [{ name: 'kernel.core_pattern', value: '|x' }] }),
    'a group of files': (job) => (pod(job).securityContext = { fsGroup: 1 }),
    'a pull secret': (job) => (pod(job).imagePullSecrets = [{ name: 'x' }]),
    'a host name': (job) => (pod(job).hostname = 'x'),
    'a deadline of the pod': (job) => (pod(job).activeDeadlineSeconds = 86_400),
    'a long farewell': (job) => (pod(job).terminationGracePeriodSeconds = 86_400),
    'memory without a limit': (job) => delete agent(job).resources.limits,
    'all memory of the node': (job) =>
      (agent(job).resources = { requests: { memory: '100Gi' }, limits: { memory: '100Gi' } }),
    // The Job.
    'a thousand pods at once': (job) => (job.spec.parallelism = 1000),
    'a hundred pods in a row': (job) => (job.spec.completions = 100),
    'a hundred attempts': (job) => (job.spec.backoffLimit = 100),
    'no deadline': (job) => delete job.spec.activeDeadlineSeconds,
    'a deadline of a day': (job) => (job.spec.activeDeadlineSeconds = 86_400),
    'no removal after its end': (job) => delete job.spec.ttlSecondsAfterFinished,
    'a removal after a year': (job) => (job.spec.ttlSecondsAfterFinished = 31_536_000),
    'a Job that waits': (job) => (job.spec.suspend = true),
    'an indexed Job': (job) => Object.assign(job.spec, { completionMode: 'Indexed', completions: 1 }),
    'a rule for failures': (job) =>
      (job.spec.podFailurePolicy = {
        rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }],
      }),
    'the Job of another controller': (job) => (job.spec.managedBy = 'example.com/mine'),
    'no owner': (job) => delete job.metadata.ownerReferences,
    'an owner of another kind': (job) => (job.metadata.ownerReferences[0].kind = 'DNSHealthPolicy'),
    'another owner': (job) => (job.metadata.ownerReferences[0].name = 'another'),
    'an owner with another uid': (job) => (job.metadata.ownerReferences[0].uid = 'another'),
    'two owners': (job) =>
      job.metadata.ownerReferences.push({ ...job.metadata.ownerReferences[0], uid: 'u-2' }),
    'another name': (job) => (job.metadata.name = 'another'),
    'a name that the server makes': (job) => {
      delete job.metadata.name;
      job.metadata.generateName = 'repair-';
    },
    'the label of another remediation': (job) =>
      (job.metadata.labels['dnshealth.io/remediation'] = 'another'),
    'the role of an inspection': (job) => (job.metadata.labels['dnshealth.io/role'] = 'inspect'),
    'one more label': (job) => (job.metadata.labels['example.com/x'] = 'y'),
    'no labels': (job) => delete job.metadata.labels,
    'an annotation': (job) => (job.metadata.annotations = { 'example.com/x': 'y' }),
    'a finalizer': (job) => (job.metadata.finalizers = ['example.com/x']),
    'a label of the pod alone': (job) => (job.spec.template.metadata.labels['example.com/x'] = 'y'),
    'an AppArmor annotation of the pod': (job) =>
      (job.spec.template.metadata.annotations = {
        'container.apparmor.security.beta.kubernetes.io/agent': 'unconfined',
      }),
    // The request.
    'all four directories writable': (job) =>
      withRequest(agent(job), (request) => {
        request.writable = ['/etc/kubernetes', '/var/lib/kubelet', '/etc/default', '/etc/sysconfig'];
      }),
    'the rollback of another repair': (job) =>
      withRequest(agent(job), (request) => Object.assign(request, { verb: 'rollback', of: 'another' })),
    'the request of another remediation': (job) =>
      withRequest(agent(job), (request) => (request.remediation = 'another')),
    'the nonce of another remediation': (job) =>
      withRequest(agent(job), (request) => (request.nonce = 'another')),
    'two verbs in a request': (job) =>
      rewrite(agent(job), (text) => text.replace(/\}$/, ',"verb":"rollback"}')),
    'an escaped verb in a request': (job) =>
      rewrite(agent(job), (text) => text.replace(/\}$/, String.raw`,"\u0076erb":"rollback"}`)),
    'two nonces in a request': (job) =>
      rewrite(agent(job), (text) => text.replace(/\}$/, ',"nonce":"another"}')),
    'two remediations in a request': (job) =>
      rewrite(agent(job), (text) => text.replace(/\}$/, ',"remediation":"another"}')),
    'a guard that repairs': (job) => withRequest(guard(job), (request) => (request.verb = 'repair')),
    'no request': (job) => (agent(job).env = []),
  });

/** @param inspection of an incident, which only reads */
export const inspectionMutants = (inspection: Mutable): readonly Mutant[] =>
  mutantsOf(inspection, DENIED, {
    'an inspection that repairs': (job) => withRequest(agent(job), (request) => (request.verb = 'repair')),
    'an inspection with a guard': (job) => pod(job).containers.push({ ...agent(job), name: 'guard' }),
    'an inspection that writes /var/lib/kubelet': (job) => makeWritable(agent(job), 'kubelet'),
    'an inspection that asks to write, and does': (job) => {
      withRequest(agent(job), (request) => (request.writable = ['/var/lib/kubelet']));
      makeWritable(agent(job), 'kubelet');
    },
    'an inspection that takes the room of others': (job) =>
      (pod(job).priorityClassName = 'system-node-critical'),
    'an inspection under the name of a repair': (job) =>
      (job.metadata.name = job.metadata.ownerReferences[0].name),
    'an inspection that creates its directory': (job) => {
      pod(job).volumes.push({
        name: 'state',
        hostPath: { path: '/var/lib/dnshealth', type: 'DirectoryOrCreate' },
      });
      agent(job).volumeMounts.push({ name: 'state', mountPath: '/host/var/lib/dnshealth', readOnly: true });
    },
    'an inspection without an owner, under a free name': (job) => {
      delete job.metadata.ownerReferences;
      delete job.metadata.labels['dnshealth.io/remediation'];
      delete job.spec.template.metadata.labels['dnshealth.io/remediation'];
    },
  });

/** Everything else in the namespace of those Jobs. */
export function namespaceMutants(repair: Mutable): readonly Mutant[] {
  const spec = repair.spec?.template.spec;
  const metadata = { name: 'mine', namespace: 'dnshealth-node' };
  const template = {
    metadata: { labels: { app: 'mine' } },
    spec: { containers: [{ name: 'c', image: 'busybox' }] },
  };
  const selector = { matchLabels: { app: 'mine' } };
  // By more than one of them; which one answers is not said.
  const denied = { method: 'POST', deniedBy: 'dnshealth-' } as const;
  const apps = '/apis/apps/v1/namespaces/dnshealth-node';
  return [
    {
      ...denied,
      what: 'a bare pod, like that of a repair',
      path: '/api/v1/namespaces/dnshealth-node/pods',
      body: { apiVersion: 'v1', kind: 'Pod', metadata, spec },
    },
    {
      ...denied,
      what: 'a privileged pod',
      path: '/api/v1/namespaces/dnshealth-node/pods',
      body: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata,
        spec: { containers: [{ name: 'c', image: 'busybox', securityContext: { privileged: true } }] },
      },
    },
    {
      ...denied,
      what: 'a Deployment',
      path: `${apps}/deployments`,
      body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } },
    },
    {
      ...denied,
      what: 'a DaemonSet',
      path: `${apps}/daemonsets`,
      body: { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template } },
    },
    {
      ...denied,
      what: 'a CronJob',
      path: '/apis/batch/v1/namespaces/dnshealth-node/cronjobs',
      body: {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata,
        spec: { schedule: '* * * * *', jobTemplate: { spec: repair.spec } },
      },
    },
    {
      ...denied,
      what: 'the same Job in kube-system',
      path: '/apis/batch/v1/namespaces/kube-system/jobs',
      body: { ...repair, metadata: { ...repair.metadata, namespace: 'kube-system' } },
    },
  ];
}
