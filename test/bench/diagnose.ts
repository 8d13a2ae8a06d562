/** `npm run bench:diagnose`: the plugin in a cluster of 5,000 nodes and 50 DNS pods; writes its section of docs/benchmarks.md. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { Report } from '../../src/plugin/diagnose/report.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { LOOP_LINE } from '../support/objects/raw-objects.ts';
import { apiCalls, aUser, auditMark } from './api-calls.ts';
import { bigCluster } from './big-cluster.ts';
import { nodeName, podName } from './cluster-objects.ts';
import { type DiagnoseRun, diagnoseReport } from './diagnose-report.ts';
import { writeSection } from './document.ts';
import { startStandIn } from './kubelet-stand-in.ts';
import { bundlePlugin } from './plugin-bundle.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });
const SIZE = { nodes: 5_000, dnsPods: 50 };
const LOOPING = 5;
/** Between two machines of one data centre, with the work of a kubelet. */
const DELAY_MS = 5;

const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;
if (address === undefined)
  throw new Error('this machine has no address but loopback, which the API server does not connect to');

const folder = await mkdtemp(join(tmpdir(), 'dnshealth-bench-'));
const server = await startApiserver();
const diedAt = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
const fatal = `${diedAt.replace('Z', '1Z')} ${LOOP_LINE}\n`;
const standIns = await Promise.all([
  startStandIn(server, { address, delayMs: DELAY_MS, resolvConf: '/etc/resolv.conf', log: fatal }),
  startStandIn(server, {
    address,
    delayMs: DELAY_MS,
    resolvConf: '/run/systemd/resolve/resolv.conf',
    log: '.:53\nCoreDNS-1.12.1\n'.repeat(50),
  }),
]);
try {
  const program = await bundlePlugin(folder);
  await bigCluster(server, SIZE);
  await withKubelets(server);
  const user = await aUser(server, 'admin-of-the-cluster');
  const kubeconfig = await kubeconfigOf(user.token);
  const runs: DiagnoseRun[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) {
    const from = auditMark(server);
    const measured = await measure(program, kubeconfig);
    runs.push({ ...measured, calls: (await apiCalls(server, user.name, from)).total });
    process.stderr.write(`run ${run + 1}: ${JSON.stringify(runs.at(-1))}\n`);
  }
  const section = diagnoseReport(runs, { ...SIZE, looping: LOOPING, delayMs: DELAY_MS });
  writeSection('Diagnose', section);
  process.stdout.write(section);
} finally {
  for (const standIn of standIns) standIn.close();
  await server.stop();
  await rm(folder, { recursive: true });
}

/** The first nodes have DNS pods, and some of these loop. */
async function withKubelets(on: Apiserver): Promise<void> {
  const patched = async (path: string, status: object): Promise<void> => {
    const answer = await on.call(
      'PATCH',
      `${path}/status`,
      { status },
      { contentType: 'application/merge-patch+json' },
    );
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const metricsPort = standIns[0].metricsPort;
  const Corefile = `.:53 {\n errors\n kubernetes cluster.local\n prometheus :${metricsPort}\n forward . /etc/resolv.conf\n loop\n}\n`;
  await on.call('POST', '/api/v1/namespaces/kube-system/configmaps', {
    metadata: { name: 'coredns' },
    data: { Corefile },
  });
  for (let index = 0; index < SIZE.dnsPods; index += 1) {
    const kubelet = standIns[index < LOOPING ? 0 : 1];
    await patched(`/api/v1/nodes/${nodeName(index)}`, {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet?.port } },
    });
    const pod = `/api/v1/namespaces/kube-system/pods/${podName(index)}`;
    const dead = {
      exitCode: 1,
      reason: 'Error',
      startedAt: diedAt,
      finishedAt: diedAt,
      containerID: 'containerd://1',
    };
    await patched(pod, {
      podIP: address,
      podIPs: [{ ip: address }],
      ...(index < LOOPING
        ? {
            conditions: [{ type: 'Ready', status: 'False' }],
            containerStatuses: [
              {
                name: 'coredns',
                image: 'coredns',
                imageID: '',
                ready: false,
                restartCount: 3,
                state: { waiting: { reason: 'CrashLoopBackOff' } },
                lastState: { terminated: dead },
              },
            ],
          }
        : {}),
    });
  }
}

async function kubeconfigOf(token: string): Promise<string> {
  const path = join(folder, 'kubeconfig');
  const cluster = { server: server.url, 'certificate-authority': server.caFile };
  await writeFile(
    path,
    JSON.stringify({
      'current-context': 'bench',
      contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
      users: [{ name: 'bench', user: { token } }],
      clusters: [{ name: 'bench', cluster }],
    }),
  );
  return path;
}

async function measure(program: string, kubeconfig: string): Promise<Omit<DiagnoseRun, 'calls'>> {
  const peak =
    'data:text/javascript,process.on("exit",()=>process._rawDebug(`peak=${process.resourceUsage().maxRSS}`))';
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', peak, program, 'diagnose', '-o', 'json'], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => void child.once('close', resolve)),
  ]);
  const seconds = (performance.now() - startedAt) / 1000;
  const { verdict, pods }: Report = JSON.parse(out);
  const causes = new Set(pods.slice(0, LOOPING).map(({ findings }) => findings[0]?.cause));
  const wereAsked = pods.slice(LOOPING).every(({ answers }) => answers.length === 2);
  if (code !== 1 || verdict.atFault !== LOOPING || !causes.has('KubeletResolvConf') || !wereAsked)
    throw new Error(`the diagnosis is wrong (${code}): ${verdict.summary} ${err}`);
  return { seconds, peakMiB: Number(/peak=(\d+)/.exec(err)?.[1]) / 1024 };
}
