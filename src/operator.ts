/** The operator: wires clients, controllers and the life cycle of the process, starts them and drains them. */
import { OPERATOR_LEASE, OPERATOR_NAMESPACE } from './api/keys.ts';
import { VERSION } from './api/version.ts';
import { createKubernetesService } from './controller/dns-pods/kubernetes-service.ts';
import { createNotifier } from './controller/notifying/notifier.ts';
import { readSettings } from './controller/settings.ts';
import { checkCluster } from './controller/start-up-check.ts';
import { wireControllers } from './controller/wire-controllers.ts';
import { createKubeClient } from './kube/client.ts';
import { createEventRecorder } from './kube/event-recorder.ts';
import { createLeaderElection } from './kube/leader-election.ts';
import { logIn } from './kube/login.ts';
import { createReflectors } from './observe/reflectors.ts';
import { createFence } from './runtime/election/fence.ts';
import { startHealthServer } from './runtime/health-server.ts';
import { createLifecycle } from './runtime/lifecycle.ts';
import { createLogger } from './runtime/logger.ts';
import { createMetrics } from './runtime/metrics.ts';
import { runControllers } from './runtime/run-controllers.ts';

/** For receivers that answer. What they are not told by then is in the records. */
const NOTIFICATIONS_DRAIN_MS = 3_000;
/** Below the Deployment's terminationGracePeriodSeconds. */
const DRAIN_MS = 20_000;
/** A reconcile may be cut off anywhere, so the other replica, which waits for the lease, does not have to wait for it. */
const RECONCILES_DRAIN_MS = 1_000;

/** @returns the exit code, once the process was asked to stop and everything is drained. */
async function operate(): Promise<number> {
  const settings = readSettings(process.env);
  const logger = createLogger({ level: settings.logLevel });
  const metrics = createMetrics({ process: true });
  const lifecycle = createLifecycle({ logger, graceMs: DRAIN_MS });

  const { config, namespace, isOutside } = await logIn({ namespace: OPERATOR_NAMESPACE, logger });
  const fence = createFence();
  const kube = createKubeClient(config, { metrics, fence, userAgent: `dnshealth-operator/${VERSION}` });
  const kubernetesService = createKubernetesService(kube);
  // Whoever started it reads the error. A pod waits instead, until the API server can be reached.
  if (isOutside) await kubernetesService.addresses(lifecycle.signal);
  void checkCluster({ kube, namespace, isOutside, logger, signal: lifecycle.signal });
  const reporting = { raw: kube.raw, logger, metrics, reportingController: 'dnshealth.io/operator' };
  const recorder = createEventRecorder(reporting);
  const lease = { namespace, name: OPERATOR_LEASE };
  const election = createLeaderElection({ ...lease, kube, fence, recorder, logger, metrics });
  const notifier = createNotifier({ file: settings.notificationsFile, logger, metrics });
  const stores = createReflectors(kube, { logger, metrics, recorder });

  const controllers = wireControllers({
    kube,
    stores,
    settings,
    kubernetesService,
    recorder,
    notifier,
    logger,
    metrics,
    now: Date.now,
  });
  const run = runControllers({ controllers, logger, metrics, mayLead: election.elected });

  const health = await startHealthServer({
    port: settings.healthPort,
    liveness: [run.liveness],
    readiness: [run.readiness],
    metrics,
    logger,
  });
  lifecycle.onDrain('connections', () => kube.close());
  lifecycle.onDrain('probes and metrics', () => health.close());
  lifecycle.onDrain('notifications', () => notifier.drain(NOTIFICATIONS_DRAIN_MS));
  lifecycle.onDrain('events', () => recorder.drain());
  lifecycle.onDrain('lease', () => election.release());
  lifecycle.onDrain('controllers', () => run.stop(fence.isOpen() ? RECONCILES_DRAIN_MS : 0));

  lifecycle.enter('syncing');
  // Not awaited: a signal may stop the process before everything is synced.
  void run.synced.then(() => {
    lifecycle.enter('standby');
    // Not earlier: a replica that has not synced must not keep the lease from one that has.
    if (!lifecycle.signal.aborted) election.start();
  });
  void run.started.then(() => lifecycle.enter('leading'));
  // As usual with client-go: the process ends, and with it everything that was decided under the old lease.
  void election.lost.then((reason) => lifecycle.stop(reason));
  return lifecycle.ended;
}

if (process.argv.includes('--version')) {
  console.log(`dnshealth-operator ${VERSION}, Node ${process.version}, ${process.platform}/${process.arch}`);
  process.exit(0);
}
try {
  // An explicit exit: a connection that lingers would keep the process alive until the pod is killed.
  process.exit(await operate());
} catch (error) {
  // The environment, the service account or the port is wrong, and nothing runs yet.
  createLogger().fatal('operator cannot start', { error });
  process.exit(1);
}
