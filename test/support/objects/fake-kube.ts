/** A client with canned answers by path, for units that only read: everything else is 404. Records the requests. */
import { isRecord } from '../../../src/api/is-record.ts';
import type { KubeClient, LogRequest } from '../../../src/kube/client.ts';
import { createCustomResource } from '../../../src/kube/custom-resource.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { RawApi, RawRequest } from '../../../src/kube/raw-api.ts';
import { requestInfo } from '../../../src/kube/wire/api-path.ts';

export interface FakeKube {
  readonly kube: KubeClient;
  /** Answers by path; an Error is thrown. May be changed while in use. */
  readonly answers: Map<string, object>;
  /** "GET /api/v1/nodes/node-1", and "LOG pod previous=false". */
  readonly asked: string[];
  /** Bodies of what was created. */
  readonly created: unknown[];
  /** What was patched: path, body, and whether the server was only asked. What is not a dry run is merged into the answers. */
  readonly patched: { readonly path: string; readonly body: unknown; readonly dryRun: boolean }[];
  /** Before each patch; what it throws is the answer. */
  beforePatch: (path: string, dryRun: boolean) => void;
  /** Custom objects whose status was replaced. */
  readonly replaced: unknown[];
  log: (request: LogRequest) => string;
  /** What a DNS pod answers through a forwarded port. By default all is well. */
  dns: (pod: string, name: string) => { readonly rcode: string; readonly addresses?: readonly string[] };
}

export const kubeError = (code: number, reason: string): KubeError =>
  new KubeError({ code, reason, verb: 'get', what: 'something', message: 'as the test wants it' });

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const fields = Object.entries(patch).map(([name, value]) => {
    const before = isRecord(target) ? target[name] : undefined;
    return [name, merged(before, value)] as const;
  });
  const all = { ...(isRecord(target) ? target : {}), ...Object.fromEntries(fields) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

export function fakeKube(answers: Readonly<Record<string, object>> = {}): FakeKube {
  const fake: FakeKube = {
    kube: undefined as never,
    answers: new Map(Object.entries(answers)),
    asked: [],
    created: [],
    patched: [],
    beforePatch: () => {},
    replaced: [],
    log: () => {
      throw kubeError(400, 'BadRequest');
    },
    dns: (_pod, name) => ({ rcode: name.endsWith('.invalid') ? 'NXDOMAIN' : 'NOERROR' }),
  };
  const request = async ({ method, path, body, query }: RawRequest): Promise<object> => {
    fake.asked.push(`${method} ${path}`);
    if (method === 'POST') fake.created.push(body);
    const answer = fake.answers.get(path);
    if (answer === undefined)
      throw new KubeError({
        code: 404,
        reason: 'NotFound',
        ...requestInfo(method, path),
        message: '404 page not found',
      });
    if (answer instanceof Error) throw answer;
    if (method !== 'PATCH') return answer;
    const dryRun = query?.['dryRun'] === 'All';
    fake.beforePatch(path, dryRun);
    fake.patched.push({ path, body, dryRun });
    const patched = merged(answer, body) as object;
    if (!dryRun) fake.answers.set(path, patched);
    return patched;
  };
  const kube = {
    raw: {
      request,
      // As client-node's typed classes ask, with the query in the path.
      text: async ({ path, ...rest }: RawRequest) =>
        JSON.stringify(await request({ ...rest, path: path.split('?')[0] ?? path })),
    },
    readLog: async (asked: LogRequest) => {
      fake.asked.push(`LOG ${asked.pod} previous=${asked.previous === true}`);
      return fake.log(asked);
    },
    customResource: (apiVersion: string, plural: string) => ({
      ...createCustomResource(kube.raw as RawApi, apiVersion, plural),
      create: async (object: unknown) => {
        fake.created.push(object);
      },
      replaceStatus: async (_name: string, object: unknown) => {
        fake.replaced.push(object);
        return object;
      },
    }),
  };
  return Object.assign(fake, { kube: kube as unknown as KubeClient });
}
