/** Asks for plans with an annotation on the policy, and prints what the records that answer it hold. */
import { API_VERSION, PLAN_REQUESTS_ANNOTATION } from '../../api/keys.ts';
import { FINAL_PHASES } from '../../api/remediation.ts';
import { parseRemediations } from '../../observe/custom-resources.ts';
import type { Remediation } from '../../remediation/world.ts';
import { askForEach } from '../asking/ask-for-each.ts';
import type { Stored } from '../asking/change.ts';
import { policyNamed, policyPath } from '../asking/pauses.ts';
import { whoAmI } from '../asking/who-am-i.ts';
import { EXIT, type ExitCode, type PluginContext } from '../verb.ts';
import { type Answers, answersTo } from './answers.ts';
import { nodesMustExist } from './nodes-must-exist.ts';
import { withRequests } from './plan-requests.ts';
import { printPlans } from './print-plans.ts';

interface Request {
  readonly nodes: readonly string[];
  readonly policy: string | undefined;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
}

const NOTHING: Answers = { records: new Map(), refused: new Set() };

export async function plan(context: PluginContext, request: Request): Promise<ExitCode> {
  const { wait, dryRun, timeoutMs } = request;
  const connection = await context.connect();
  const { kube } = connection;
  const { signal } = context;
  const policy = await policyNamed(kube, request.policy, signal);
  await nodesMustExist(kube, request.nodes, signal);
  const user = await whoAmI(kube, signal);
  const records = parseRemediations(await kube.customResource(API_VERSION, 'dnsremediations').list(signal));
  // The operator makes no second plan where an incident is open: what that one plans is shown.
  const open = openByNode(records);
  const nodes = request.nodes.filter((node) => !open.has(node));
  if (nodes.length > 0) {
    const ask = {
      object: `dnshealthpolicy/${policy}`,
      what: `Asks for ${nodes.length === 1 ? 'a plan' : 'plans'} for ${nodes.join(', ')} as ${user}. Nothing is changed on a node.`,
      done: wait
        ? 'Asked.'
        : `Asked. The plan is printed by: kubectl dnshealth plan ${nodes.join(' ')} --wait`,
      already: 'Was asked before, and the operator has not answered yet.',
      path: policyPath(policy),
      role: 'dnshealth-pauser',
      decide: ({ metadata: { annotations } }: Stored) => {
        const at = new Date(context.now()).toISOString();
        const wanted = nodes.map((node) => ({ node, by: user, at }));
        const text = withRequests(annotations[PLAN_REQUESTS_ANNOTATION], wanted);
        return text === null ? null : { metadata: { annotations: { [PLAN_REQUESTS_ANNOTATION]: text } } };
      },
    } as const;
    // On standard output scripts read the answer.
    const out = context.format === 'table' ? context.out : context.err;
    await askForEach(kube, [ask], { out, signal }, dryRun);
  }
  if ((!wait || dryRun) && open.size === 0) return EXIT.well;
  const before = new Set(records.map(({ uid }) => uid));
  const asked = { nodes, policy, user, before };
  const answers =
    wait && !dryRun && nodes.length > 0 ? await answersTo(asked, connection, context, timeoutMs) : NOTHING;
  const shown = wait && !dryRun ? request.nodes : request.nodes.filter((node) => open.has(node));
  return printPlans(context, shown, policy, { ...answers, records: new Map([...open, ...answers.records]) });

  function openByNode(all: readonly Remediation[]): ReadonlyMap<string, Remediation> {
    const those = all.filter(
      ({ spec, status }) => request.nodes.includes(spec.node.name) && !FINAL_PHASES.includes(status.phase),
    );
    return new Map(those.map((one) => [one.spec.node.name, one]));
  }
}
