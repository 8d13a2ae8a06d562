/** Installs the project's two CRDs on a test apiserver, from the files that an administrator applies. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { CustomResourceDefinition } from '../../../src/api/crd.ts';
import { HANG_MS } from '../patience.ts';
import type { Apiserver } from './apiserver.ts';

const CRDS = new URL('../../../crds/', import.meta.url);
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export async function readCrds(): Promise<readonly CustomResourceDefinition[]> {
  const names = (await readdir(CRDS)).filter((name) => name.startsWith('dnshealth.io_')).sort();
  return Promise.all(
    names.map(async (name): Promise<CustomResourceDefinition> => {
      const parsed: CustomResourceDefinition = parse(await readFile(new URL(name, CRDS), 'utf8'));
      return parsed;
    }),
  );
}

/** Creates both CRDs and waits until they are served. Sent as JSON, because a typed client would drop unknown fields. */
export async function applyCrds(server: Apiserver): Promise<void> {
  for (const crd of await readCrds()) {
    const created = await server.call('POST', PATH, crd);
    if (created.status !== 201 && created.status !== 409) {
      throw new Error(`${crd.metadata.name}: ${created.body.message}`);
    }
    await served(server, crd);
  }
}

/** Established is not enough: for a moment after that a list still answers 404. */
async function served(server: Apiserver, crd: CustomResourceDefinition): Promise<void> {
  const { group, names, versions } = crd.spec;
  const deadline = performance.now() + HANG_MS;
  while (performance.now() < deadline) {
    const { status } = await server.call('GET', `/apis/${group}/${versions[0].name}/${names.plural}`);
    if (status === 200) return;
    await sleep(50);
  }
  throw new Error(`${crd.metadata.name} is not served`);
}
