/** The kubectl plugin as a process against a real apiserver: what it prints, how it fails, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundlePlugin } from '../../packaging/plugin/bundle.ts';
import { run } from '../cluster/run.ts';
import { type Apiserver, startApiserver } from '../support/apiserver/apiserver.ts';
import { applyCrds } from '../support/apiserver/crds.ts';
import { tokenOf } from '../support/apiserver/installed-rbac.ts';
import { aRemediation } from '../support/objects/builders.ts';

const CUSTOM = '/apis/dnshealth.io/v1alpha1';
let server: Apiserver;
let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugin-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await bundlePlugin(folder);
  program = join(folder, 'kubectl-dnshealth.js');
  server = await startApiserver();
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], kubeconfig = server.kubeconfigPath): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', KUBECONFIG: kubeconfig };
  return spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}
async function plugin(args: string, kubeconfig?: string) {
  const child = start(args.split(' '), kubeconfig);
  if (!child.stdout || !child.stderr) throw new Error('it has no output');
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number, out, err };
}

/** A kubeconfig with another user or another cluster. */
async function kubeconfigWith(name: string, user: object, cluster: object = {}): Promise<string> {
  const usual = JSON.parse(await readFile(server.kubeconfigPath, 'utf8'));
  usual.users[0].user = user;
  Object.assign(usual.clusters[0].cluster, cluster);
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(usual));
  return path;
}

describe('a command that cannot do its work says why in one sentence and exits with 2', () => {
  it('where the operator is not installed', async () => {
    expect(await plugin('status')).toEqual({
      code: 2,
      out: '',
      err: 'error: the operator is not installed in this cluster: it has no DNSHealthPolicy and no DNSRemediation (kubectl dnshealth diagnose works without it)\n',
    });
  });

  it('where the user has no permission: which one is missing', async () => {
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'nobody' } });
    const kubeconfig = await kubeconfigWith('nobody', { token: await tokenOf(server, 'default', 'nobody') });
    expect(await plugin('history', kubeconfig)).toEqual({
      code: 2,
      out: '',
      err: 'error: no permission to list dnsremediations: User "system:serviceaccount:default:nobody" cannot list resource "dnsremediations" in API group "dnshealth.io" at the cluster scope\n',
    });
  });

  it('where the credentials are not accepted', async () => {
    const { code, err } = await plugin('history', await kubeconfigWith('expired', { token: 'expired' }));
    expect([code, err]).toEqual([
      2,
      `error: the API server at ${server.url} refused the credentials of the kubeconfig: they are invalid or have expired\n`,
    ]);
  });

  it('where nothing listens', async () => {
    const kubeconfig = await kubeconfigWith('away', { token: 'x' }, { server: 'https://127.0.0.1:1' });
    const { code, err } = await plugin('history', kubeconfig);
    expect([code, err]).toEqual([
      2,
      'error: the API server at https://127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n',
    ]);
  });

  it('where the exec plugin of the kubeconfig is not there', async () => {
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'no-such-login',
      installHint: 'Install it.',
    };
    const { code, err } = await plugin('history', await kubeconfigWith('exec', { exec }));
    expect(code).toBe(2);
    expect(err).toMatch(/^error: exec plugin no-such-login cannot be started: .*; Install it\.\n$/);
  });

  it('where the server does not answer in time', async () => {
    await server.pause();
    const { code, err } = await plugin('history --request-timeout 300ms').finally(() => server.resume());
    expect(code).toBe(2);
    expect(err).toMatch(
      /^error: the API server at \S+ did not answer in time \(list dnsremediations: .*\); --request-timeout/,
    );
  });

  it('where the context or the kubeconfig does not exist', async () => {
    expect(await plugin('history --context other')).toMatchObject({
      code: 2,
      err: `error: kubeconfig ${server.kubeconfigPath} has no context "other"; it has: test\n`,
    });
    expect(await plugin('history --kubeconfig /nowhere')).toMatchObject({
      code: 2,
      err: 'error: no kubeconfig found: the file /nowhere does not exist or is empty\n',
    });
  });
});

describe('with the operator installed', () => {
  const recorded = async (name: string, node: string) => {
    const { spec } = aRemediation({ node });
    await server.call('POST', `${CUSTOM}/dnsremediations`, {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSRemediation',
      metadata: { name },
      spec,
    });
  };
  beforeAll(async () => {
    await applyCrds(server);
    await server.call('POST', `${CUSTOM}/dnshealthpolicies`, {
      apiVersion: 'dnshealth.io/v1alpha1',
      kind: 'DNSHealthPolicy',
      metadata: { name: 'coredns' },
      spec: {},
    });
    await server.call('POST', '/api/v1/nodes', { metadata: { name: 'node-1' } });
    await recorded('incident-1', 'node-1');
  });

  it('history lists the incidents, through the login of kubectl and the schemas of the CRDs', async () => {
    const { code, out, err } = await plugin('history -o json');
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out).incidents).toMatchObject([
      { name: 'incident-1', node: 'node-1', trigger: 'Crash' },
    ]);
  });

  it('status shows the policy, and that no operator runs', async () => {
    const { code, out, err } = await plugin('status');
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(
      /^The operator does not run\. .*\ncoredns +Repair +Deployment\/coredns .*Waiting:\n {2}node-1 /s,
    );
  });

  it.each([
    ['history ', 'node-1'],
    ['report ', 'incident-1'],
    ['diagnose --node no', 'node-1'],
  ])('names are completed from the cluster after "%s"', async (line, name) => {
    expect(await plugin(`__complete ${line}`)).toEqual({ code: 0, out: `${name}\n:4\n`, err: '' });
  });

  it('a real bash completes with the script that it prints', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const launcher = `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`;
    await writeFile(join(bin, 'kubectl-dnshealth'), launcher, { mode: 0o755 });
    const script = `
      source <(kubectl-dnshealth completion bash)
      try() { COMP_WORDS=(kubectl-dnshealth "$@"); COMP_CWORD=$#; _kubectl_dnshealth; echo "\${COMPREPLY[*]}"; }
      try hist; try history ''; try status --output = j; try --kubeconfig ${folder}/kubectl-dn`;
    const env = { PATH: `${bin}:${process.env['PATH']}`, KUBECONFIG: server.kubeconfigPath };
    const { stdout, stderr } = await run(['bash', '-c', script], { env });
    expect([stdout, stderr]).toEqual([`history\nnode-1\njson\n${folder}/kubectl-dnshealth.js\n`, '']);
  });

  it('a watch tells incidents as they happen, and Ctrl-C ends it with 130', async () => {
    const child = start(['status', '--watch']);
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
    });
    const err = child.stderr ? text(child.stderr) : Promise.resolve('');
    const ended = once(child, 'close');
    await expect.poll(() => out).toContain('node-1  The DNS pod coredns-sick on node-1 crashed');
    await recorded('incident-2', 'node-2');
    await expect.poll(() => out).toContain('node-2  The DNS pod coredns-sick on node-2 crashed');
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(await err).toBe('');
  });

  it('a reader that leaves ends it as a closed pipe ends other programs, without an error', async () => {
    const child = start(['history']);
    child.stdout?.destroy();
    const err = child.stderr ? text(child.stderr) : Promise.resolve('');
    expect(await once(child, 'close')).toEqual([141, null]);
    expect(await err).toBe('');
  });
});
