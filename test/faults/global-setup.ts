/** What all fault tests need: strace, the agent's bundle, and a certificate for the stand-in kubelets. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensurePrograms } from '../cluster/preflight.ts';
import { run } from '../cluster/run.ts';
import { bundle } from '../support/installation.ts';
import type { Certificate } from './kubelet-port.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly certificate: Certificate;
  }
}

export async function setup(project: TestProject): Promise<void> {
  await ensurePrograms({ strace: 'strace', setpriv: 'util-linux', openssl: 'openssl' }, (line) =>
    process.stderr.write(`${line}\n`),
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
}
