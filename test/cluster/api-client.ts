/** The few API calls of the rig itself, as administrator; not for the code under test. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import type { AddressPlan } from './address-plan.ts';
import type { RigPaths } from './rig-paths.ts';

export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

interface ContainerState {
  readonly running?: { readonly startedAt: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason?: string;
    readonly startedAt: string;
    readonly finishedAt: string;
  };
  readonly waiting?: { readonly reason?: string };
}

export interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly unschedulable?: boolean; readonly taints?: readonly { readonly key: string }[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface ApiClient {
  /** GET as text; throws on any status but 2xx, with the status first in the message. */
  text(path: string): Promise<string>;
  json<T>(path: string): Promise<T>;
  delete(path: string, body?: unknown): Promise<void>;
  close(): void;
}

export function apiClient(paths: RigPaths, plan: AddressPlan): ApiClient {
  const pki = (name: string) => readFileSync(join(paths.pki, name));
  const agent = new Agent({
    keepAlive: true,
    ca: pki('ca.crt'),
    cert: pki('admin.crt'),
    key: pki('admin.key'),
  });
  const call = (method: string, path: string, body?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent,
          method,
          host: plan.primary.controlPlane,
          port: 6443,
          path,
          timeout: 10_000,
          // Node sends the body of a DELETE without its length by itself; the server takes it for another request.
          headers: body
            ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
            : {},
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const status = incoming.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(new Error(`${status} ${method} ${path}: ${text.slice(0, 300)}`));
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path}: no answer in 10 s`)));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return {
    text: (path) => call('GET', path),
    json: async <T>(path: string) => JSON.parse(await call('GET', path)) as T,
    delete: async (path, body) => {
      await call('DELETE', path, body === undefined ? undefined : JSON.stringify(body));
    },
    close: () => agent.destroy(),
  };
}

export function hasCondition(object: Pod | Node, type: string): boolean {
  return object.status.conditions?.some((c) => c.type === type && c.status === 'True') ?? false;
}
