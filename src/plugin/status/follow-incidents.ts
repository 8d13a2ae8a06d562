/** Tells incidents as they happen: watches the records, and prints what is new in each. */
import { API_VERSION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { parseRemediation } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { type Logger, silentLogger } from '../../runtime/logger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createReflector } from '../../runtime/reflector/reflector.ts';
import type { Connection } from '../connect.ts';
import { explain } from '../errors.ts';
import type { Output } from '../output.ts';
import { createTeller } from '../tell.ts';
import type { PluginContext } from '../verb.ts';

/** @returns when the signal aborts. What fails in between is said and tried again. */
export async function followIncidents(
  { kube, server }: Pick<Connection, 'kube' | 'server'>,
  { out, err, signal }: Pick<PluginContext, 'out' | 'err' | 'signal'>,
): Promise<void> {
  const records = createReflector({
    source: kube.listWatch({ path: `/apis/${API_VERSION}/dnsremediations` }),
    transform: parseRemediation,
    logger: troublesTo(err, server),
    metrics: createMetrics(),
  });
  const follower = createFollower(out);
  records.onChange((change) => {
    if (change.kind !== 'deleted') follower.see(change.object);
  });
  const running = records.start(signal);
  await Promise.race([records.synced, running]);
  follower.fromNowOn();
  await running;
}

interface Follower {
  readonly see: (remediation: Remediation) => void;
  /** All that existed has been seen: what ended before is not told. */
  readonly fromNowOn: () => void;
}

export function createFollower(out: Pick<Output, 'line' | 'paint'>): Follower {
  const teller = createTeller(out);
  const over = new Set<string>();
  const whyItWaits = new Map<string, string>();
  let isLive = false;
  return {
    see(remediation) {
      const { name, spec, status } = remediation;
      if (!isLive && FINAL_PHASES.includes(status.phase)) over.add(name);
      if (over.has(name)) return;
      teller.tell(remediation, true);
      const why = status.phase === 'Pending' ? (status.message ?? '') : '';
      if (why !== '' && whyItWaits.get(name) !== why) out.line(`${' '.repeat(12)}${spec.node.name}  ${why}`);
      whyItWaits.set(name, why);
    },
    fromNowOn() {
      isLive = true;
    },
  };
}

/** The reflector retries for ever; the user should know that it has to. */
function troublesTo(err: Output, server: string): Logger {
  const logger: Logger = {
    ...silentLogger,
    warn: (_message, fields) =>
      err.line(`warning: ${explain(fields?.['error'], `the API server at ${server}`)}; trying again`),
    error: (message) => err.line(`warning: ${message}`),
    child: () => logger,
  };
  return logger;
}
