/** The totals of a policy are exact at every moment, wherever the operator is killed, and however far its cache is behind. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { aRemediation, at, isoAt } from '../../../test/support/objects/builders.ts';
import { stampAt } from '../../../test/support/objects/raw-objects.ts';
import { API_VERSION } from '../../api/keys.ts';
import { type PolicyStatus, policyStatusSchema } from '../../api/policy/status.ts';
import type { Phase } from '../../api/remediation.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createCustomResource } from '../../kube/custom-resource.ts';
import { KubeError } from '../../kube/errors.ts';
import type { RawApi, RawRequest } from '../../kube/raw-api.ts';
import { parsePolicy } from '../../observe/custom-resources.ts';
import { totalsOf } from '../../remediation/policy/totals.ts';
import type { Remediation } from '../../remediation/world.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createHistoryReconciler } from './history-controller.ts';

const ENDS = ['Healed', 'Planned', 'RolledBack', 'Cancelled', 'Expired'] as const satisfies readonly Phase[];
const POLICY = `/apis/${API_VERSION}/dnshealthpolicies/coredns`;
const RECORDS = `/apis/${API_VERSION}/dnsremediations/`;

class Killed extends Error {}

const failure = (code: number, reason: string) =>
  new KubeError({ code, reason, verb: 'get', what: 'it', message: reason });

/** A policy and its records as the API server has them; `killAt`: the operator dies around its so-manieth write. */
function aServer(all: readonly Remediation[]) {
  const records = new Map(all.map((one) => [one.name, one]));
  const seen = [[...records.values()]];
  let status: PolicyStatus = policyStatusSchema.parse({});
  let version = 1;
  const server = {
    records,
    /** The records as they were so many deletions ago. */
    cached: (behind: number) => seen.at(-1 - behind) ?? seen[0] ?? [],
    totals: () => totalsOf([...records.values()], status.past),
    uids: () => status.past.uids,
    /** Another controller writes the status while the records are read. */
    isTouched: false,
    killAt: { write: -1, after: false },
    kube: undefined as unknown as KubeClient,
  };
  const write = <T>(effect: () => T): T => {
    server.killAt.write -= 1;
    if (server.killAt.write === 0 && !server.killAt.after) throw new Killed();
    const answer = effect();
    if (server.killAt.write === 0) throw new Killed();
    return answer;
  };
  const policy = () => ({
    metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(0), resourceVersion: version },
    spec: { limits: { history: 10 } },
    status,
  });
  const raw: Pick<RawApi, 'request'> = {
    async request<T>({ method, path, body }: RawRequest): Promise<T> {
      const answer = (): unknown => {
        if (path === POLICY) return policy();
        if (path === `${POLICY}/status`)
          return write(() => {
            const sent = body as ReturnType<typeof policy>;
            if (sent.metadata.resourceVersion !== version) throw failure(409, 'Conflict');
            version += 1;
            status = sent.status;
          });
        if (server.isTouched) version += 1;
        server.isTouched = false;
        const one = records.get(path.slice(RECORDS.length));
        if (!one) throw failure(404, 'NotFound');
        if (method === 'DELETE')
          return write(() => {
            records.delete(one.name);
            seen.push([...records.values()]);
          });
        const { name, uid, spec } = one;
        return { metadata: { name, uid, creationTimestamp: stampAt(0) }, spec, status: one.status };
      };
      return answer() as T;
    },
  };
  server.kube = {
    raw,
    customResource: (version_: string, plural: string) =>
      createCustomResource(raw as RawApi, version_, plural),
  } as unknown as KubeClient;
  return server;
}

const aRound = fc.record({
  behind: fc.integer({ min: 0, max: 60 }),
  touched: fc.boolean(),
  kill: fc.option(fc.record({ write: fc.integer({ min: 1, max: 24 }), after: fc.boolean() }), { nil: null }),
});

it('no ended remediation is counted twice or lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...ENDS), { minLength: 11, maxLength: 60 }),
      fc.array(aRound, { maxLength: 12 }),
      async (phases, rounds) => {
        const all = phases.map((phase, index) =>
          aRemediation({
            name: `r${index}`,
            uid: `uid-${index}`,
            acknowledged: true,
            status: { phase, finishedAt: isoAt(-1_000_000 + index) },
          }),
        );
        const server = aServer(all);
        const expected = server.totals();
        // At last one that is not disturbed, often enough for all rounds of deletions.
        const calm = { behind: 0, touched: false, kill: null };
        for (const { behind, touched, kill } of [...rounds, calm, calm, calm, calm]) {
          const cached = server.cached(behind);
          const policy = parsePolicy({
            metadata: { name: 'coredns', uid: 'policy-1', creationTimestamp: stampAt(0) },
            spec: { limits: { history: 10 } },
          });
          const stores = {
            policies: { get: () => policy, list: () => [policy] },
            remediations: { list: () => cached },
            dnsPods: { list: () => [] },
            nodes: { list: () => [], get: () => null },
          } as unknown as Parameters<typeof createHistoryReconciler>[0]['stores'];
          server.killAt = kill ? { write: kill.write, after: kill.after } : { write: -1, after: false };
          const { kube } = server;
          const run = createHistoryReconciler({ kube, stores, logger: silentLogger, now: () => at(0) });
          server.isTouched = touched;
          try {
            await run('coredns', new AbortController().signal);
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
          expect(server.totals()).toEqual(expected);
        }
        expect(server.records.size).toBe(10);
        // What is being deleted in one round, and in the one before it.
        expect(server.uids().length).toBeLessThanOrEqual(40);
      },
    ),
    { numRuns: 500 },
  );
});
