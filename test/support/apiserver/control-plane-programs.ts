/** Finds the real apiserver and etcd for the integration tests: in a folder that the caller names, or in the rig's cache. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { buildGoPrograms } from '../../cluster/build/go-programs.ts';

export interface ControlPlanePrograms {
  readonly etcd: string;
  readonly apiserver: string;
}

/** The same variable as in controller-runtime's envtest. */
const FOLDER_VARIABLE = 'KUBEBUILDER_ASSETS';

/** The first build takes minutes; later calls are served from the cache. */
export async function controlPlanePrograms(): Promise<ControlPlanePrograms> {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder) return checked({ etcd: join(folder, 'etcd'), apiserver: join(folder, 'kube-apiserver') });
  const folders = await buildGoPrograms((line) => console.error(line));
  return checked({
    etcd: join(folders.get('etcd') ?? '', 'etcd'),
    apiserver: join(folders.get('kubernetes') ?? '', 'kube-apiserver'),
  });
}

function checked(programs: ControlPlanePrograms): ControlPlanePrograms {
  for (const program of Object.values(programs)) accessSync(program, constants.X_OK);
  return programs;
}
