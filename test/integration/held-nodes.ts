/** From the audit log, in etcd's order: which nodes the operator held, and which repairs ended, after each write. */
import { QUARANTINED_BY_LABEL } from '../../src/api/keys.ts';
import type { Apiserver } from '../support/apiserver/apiserver.ts';
import { auditedWrites } from '../support/apiserver/audit-log.ts';

export interface Moment {
  readonly version: number;
  /** Nodes in quarantine after this write. */
  readonly held: ReadonlySet<string>;
  /** The node whose quarantine began with it. */
  readonly began: string | null;
  /** The remediation that ended with it, in which phase. */
  readonly ended: { readonly name: string; readonly phase: string } | null;
}

/** The version of the newest write so far. */
export async function newestVersion(server: Apiserver): Promise<number> {
  const { body } = await server.call('GET', '/api/v1/namespaces?limit=1');
  return Number(body.metadata.resourceVersion);
}

/** Every write of a node or of a remediation after that version. */
export async function momentsSince(server: Apiserver, version: number): Promise<readonly Moment[]> {
  const held = new Set<string>();
  const over = new Set<string>();
  return (await auditedWrites(server))
    .flatMap((write) =>
      write.version !== undefined &&
      write.version > version &&
      ['nodes', 'dnsremediations'].includes(write.resource)
        ? [{ ...write, version: write.version }]
        : [],
    )
    .toSorted((a, b) => a.version - b.version)
    .map(({ version: at, resource, answer }) => {
      const { name, labels } = answer.metadata;
      let began = null;
      let ended = null;
      if (resource === 'nodes') {
        if (labels?.[QUARANTINED_BY_LABEL] === undefined) held.delete(name);
        else if (!held.has(name)) {
          held.add(name);
          began = name;
        }
      } else if (answer.status?.finishedAt !== undefined && !over.has(name)) {
        over.add(name);
        ended = { name, phase: answer.status.phase };
      }
      return { version: at, held: new Set(held), began, ended };
    });
}
