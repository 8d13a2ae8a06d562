/** What all fault tests need: strace, the agent's bundle, a certificate for the kubelets, and a DNS server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensurePrograms } from '../cluster/preflight.ts';
import { run } from '../cluster/run.ts';
import { answerTo, startDnsServer } from '../support/network/dns-server.ts';
import { bundle } from '../support/rig/installation.ts';
import type { Certificate } from './kubelet-port.ts';
import { RESOLVER } from './node-layouts.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly certificate: Certificate;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensurePrograms(
    { strace: 'strace', setpriv: 'util-linux', openssl: 'openssl', ip: 'iproute2' },
    (line) => process.stderr.write(`${line}\n`),
  );
  await bundle();
  const directory = mkdtempSync(join(tmpdir(), 'dnshealth-certificate-'));
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await run(['openssl', 'req', '-x509', ...newKey, '-subj', '/CN=kubelet', '-keyout', key, '-out', cert]);
    project.provide('certificate', { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
  } finally {
    rmSync(directory, { recursive: true });
  }
  // The target's server must answer and must not be a loopback address, so this machine gets its address for the tests.
  const address = [`${RESOLVER}/32`, 'dev', 'lo'];
  await run(['ip', 'address', 'replace', ...address]);
  const server = await startDnsServer(
    { udp: (query, send) => send(answerTo(query, { addresses: ['192.0.2.80'] })) },
    { address: RESOLVER, port: 53 },
  );
  return async () => {
    await server.close();
    await run(['ip', 'address', 'del', ...address]);
  };
}
