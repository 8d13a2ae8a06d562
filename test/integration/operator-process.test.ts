/** The operator's process in a broken environment: it reports the fault, stays alive, and recovers when the fault is fixed. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../cluster/until.ts';
import { applyAdmission } from '../support/apiserver/admission.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { applyInstallation, tokenOf } from '../support/apiserver/installed-rbac.ts';
import {
  type OperatorOptions,
  type OperatorProcess,
  startOperator,
} from '../support/apiserver/operator-process.ts';
import { HANG_MS } from '../support/patience.ts';

const POLICIES = '/apis/dnshealth.io/v1alpha1/dnshealthpolicies';

let server: Apiserver;
let token: string;
let operator: OperatorProcess | undefined;

beforeAll(async () => {
  server = await startApiserver();
  await applyInstallation(server);
  token = await tokenOf(server, 'dnshealth-system', 'dnshealth-operator');
});
afterEach(async () => {
  await operator?.remove();
  operator = undefined;
});
afterAll(async () => {
  await server.stop();
});

async function start(options: Partial<OperatorOptions> = {}): Promise<OperatorProcess> {
  operator = await startOperator(server, { token, ...options });
  return operator;
}

/** The answer of /readyz once it names the reason: before the first attempt it only says what is missing. */
async function notReady(process: OperatorProcess, text: RegExp): Promise<string> {
  return until(
    async () => {
      const answer = await process.get('/readyz');
      return answer?.status === 500 && text.test(answer.text) ? answer.text : undefined;
    },
    { what: `/readyz to say ${text}`, timeoutMs: HANG_MS },
  );
}

async function ready(process: OperatorProcess): Promise<void> {
  const isReady = until(
    async () => {
      const answer = await process.get('/readyz');
      if (answer?.status === 200) return true;
      throw new Error(answer?.text ?? 'nothing listens');
    },
    { what: 'the operator to become ready', timeoutMs: HANG_MS },
  );
  const hasEnded = process.ended.then((code) => {
    const lines = process.lines.slice(-5).map((line) => JSON.stringify(line));
    throw new Error(`the operator ended with ${code} before it was ready: ${lines.join(' ')}`);
  });
  await Promise.race([isReady, hasEnded]);
}

/** It works: a policy gets its status. */
async function expectToWork(name: string): Promise<void> {
  const metadata = { name };
  const policy = { apiVersion: 'dnshealth.io/v1alpha1', kind: 'DNSHealthPolicy', metadata, spec: {} };
  expect((await server.call('POST', POLICIES, policy)).status).toBe(201);
  // A conflict at first, if the operator has not yet seen that the policy before this one was deleted.
  const isExpected = ({ type, reason }: { type: string; reason: string }) =>
    type === 'Active' && reason === 'WorkloadNotFound';
  const condition = await until(
    async () => {
      const { body } = await server.call('GET', `${POLICIES}/${name}`);
      return body.status?.conditions?.find(isExpected);
    },
    { what: 'the policy to get its status', timeoutMs: HANG_MS },
  );
  expect(condition).toMatchObject({ status: 'False' });
  await server.call('DELETE', `${POLICIES}/${name}`);
}

/** Its log is read from a pipe and may arrive later than an answer of its probes. */
async function warned(process: OperatorProcess, text: RegExp): Promise<void> {
  await expect.poll(() => said(process, 'warn').join('\n')).toMatch(text);
}

const LACKS = /the cluster lacks something/;
const alive = async (process: OperatorProcess) => (await process.get('/healthz'))?.status === 200;
const said = (process: OperatorProcess, level: string) =>
  process.lines.filter((line) => line.level === level).map((line) => JSON.stringify(line));

describe('without its CRDs', () => {
  it('says which are missing, stays alive, and works once they are there', async () => {
    const process = await start();
    await notReady(process, /dnshealthpolicies \([^)]*404.*dnsremediations \([^)]*404/);
    expect(await alive(process)).toBe(true);
    await warned(process, /dnshealthpolicies/);
    await warned(process, LACKS);
    await applyCrds(server);
    await ready(process);
    await expectToWork('after-the-crds');
    // One line, on everything that was missing; it is not repeated.
    expect(said(process, 'warn').filter((line) => LACKS.test(line))).toEqual([
      expect.stringMatching(
        /CRD dnshealthpolicies.*CRD dnsremediations.*the admission policies of this installation/,
      ),
    ]);
  });
});

describe('without a permission', () => {
  const ROLE = '/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/dnshealth-operator';

  it('says which, stays alive, and works once it is granted', async () => {
    const { body: role } = await server.call('GET', ROLE);
    const { resourceVersion: _old, ...metadata } = role.metadata;
    const withoutPods = role.rules.filter(
      ({ resources }: { resources: string[] }) => !resources.includes('pods'),
    );
    await server.call('PUT', ROLE, { ...role, metadata, rules: withoutPods });
    const process = await start();
    try {
      await notReady(process, /pods \([^)]*kube-system: 403/);
      expect(await alive(process)).toBe(true);
      await warned(process, /cannot watch resource.*pods/);
    } finally {
      await server.call('PUT', ROLE, { ...role, metadata });
    }
    await ready(process);
    await expectToWork('after-the-permission');
  });
});

describe('with an apiserver that cannot be reached', () => {
  it('says so, stays alive, and works once it is back', async () => {
    await server.kill9();
    const process = await start();
    const text = await notReady(process, /ECONNREFUSED/);
    for (const what of ['dnshealthpolicies', 'dnsremediations', 'pods', 'jobs', 'nodes'])
      expect(text).toContain(what);
    expect(await alive(process)).toBe(true);
    await server.restart();
    await ready(process);
    await expectToWork('after-the-outage');
  });

  it('works on when it comes back, restarted where its lease ran out', async () => {
    const process = await start();
    await ready(process);
    await server.restart();
    // If that took longer than its lease lasts, it has exited, and the kubelet starts it again.
    const went = await Promise.race([process.ended, expectToWork('after-a-restart')]);
    expect(said(process, 'stderr')).toEqual([]);
    if (went === undefined) return;
    expect(went).toBe(1);
    await start();
    await expectToWork('after-a-long-restart');
  });
});

describe('with a malformed object', () => {
  const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/dnshealthpolicies.dnshealth.io';
  const EVENTS = '/apis/events.k8s.io/v1/namespaces/default/events';

  it('reports it on the object and in a metric, stays alive, and works on', async () => {
    const process = await start();
    await ready(process);
    const { body: crd } = await server.call('GET', CRD);
    const setSchema = async (schema: object) =>
      server.call(
        'PATCH',
        CRD,
        { spec: { versions: [{ ...crd.spec.versions[0], schema }] } },
        { contentType: 'application/merge-patch+json' },
      );
    // As if it had been stored before there was a rule against it.
    await setSchema({
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    });
    const odd = {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSHealthPolicy',
      metadata: { name: 'odd' },
      spec: { mode: 'Guess' },
    };
    await until(async () => ((await server.call('POST', POLICIES, odd)).status === 201 ? true : undefined), {
      what: 'the looser schema to be in force',
      timeoutMs: HANG_MS,
      everyMs: 50,
    });
    const event = await until(
      async () => {
        const { body } = await server.call('GET', EVENTS);
        return body.items.find(({ reason }: { reason: string }) => reason === 'Malformed');
      },
      { what: 'the event on the policy', timeoutMs: HANG_MS, everyMs: 50 },
    );
    expect(event).toMatchObject({ type: 'Warning', regarding: { kind: 'DNSHealthPolicy', name: 'odd' } });
    expect(event.note).toContain('spec.mode');
    expect((await process.get('/metrics'))?.text).toMatch(
      /reflector_malformed_objects_total\{resource="dnshealthpolicies"\} [1-9]/,
    );
    expect(await alive(process)).toBe(true);
    await server.call('DELETE', `${POLICIES}/odd`);
    await setSchema(crd.spec.versions[0].schema);
    await expectToWork('beside-the-odd-one');
  });
});

describe('cannot start', () => {
  /** How it ended, and everything that it logged above the info level. */
  async function lastWords(process: OperatorProcess) {
    const exitCode = await process.ended;
    return { exitCode, lines: ['stderr', 'warn', 'error', 'fatal'].flatMap((level) => said(process, level)) };
  }
  const oneLine = (fault: RegExp) => ({ exitCode: 1, lines: [expect.stringMatching(fault)] });

  it.each([
    ['without AGENT_IMAGE', { AGENT_IMAGE: undefined }, /AGENT_IMAGE: the image of the repair Job/],
    ['with an empty AGENT_IMAGE', { AGENT_IMAGE: '' }, /AGENT_IMAGE: the image of the repair Job/],
    ['without the address of the API', { KUBERNETES_SERVICE_HOST: undefined }, /KUBERNETES_SERVICE_HOST/],
    ['without the port of the API', { KUBERNETES_SERVICE_PORT: undefined }, /KUBERNETES_SERVICE_PORT/],
    ['with an unknown log level', { LOG_LEVEL: 'loud' }, /LOG_LEVEL/],
    ['with an invalid port', { HEALTH_PORT: 'http' }, /HEALTH_PORT/],
  ])('%s: one line says so', async (_what, env, fault) => {
    expect(await lastWords(await start({ env }))).toEqual(oneLine(fault));
  });

  it('when its port is in use: one line says so', async () => {
    const squatter = createServer().listen(0);
    try {
      const address = squatter.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const process = await start({ env: { HEALTH_PORT: String(port) } });
      expect(await lastWords(process)).toEqual(oneLine(/EADDRINUSE/));
    } finally {
      squatter.close();
    }
  });
});

describe('SIGTERM', () => {
  it('drains the leading process, which exits with 0', async () => {
    const process = await start();
    const states = () => process.lines.filter(({ msg }) => msg === 'state changed').map(({ to }) => to);
    // It is ready before it leads.
    await until(() => (states().includes('leading') ? true : undefined), {
      what: 'the operator to lead',
      timeoutMs: HANG_MS,
      everyMs: 20,
    });
    process.signal('SIGTERM');
    expect(await process.ended).toBe(0);
    expect(states()).toEqual(['syncing', 'standby', 'leading', 'draining', 'stopped']);
  });
});

describe('in a cluster that has everything', () => {
  it('says nothing of what a cluster may lack', async () => {
    await applyAdmission(server, token);
    const process = await start({ env: { LOG_LEVEL: 'debug' } });
    await expect.poll(() => said(process, 'debug').join('\n')).toContain('the cluster lacks nothing');
    expect(said(process, 'warn').filter((line) => LACKS.test(line))).toEqual([]);
    expect(said(process, 'info').join('\n')).not.toMatch(/lack/);
  });
});
