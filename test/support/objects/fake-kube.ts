/** A client with canned answers by path, for units that only read: everything else is 404. Records the requests. */
import type { KubeClient, LogRequest } from '../../../src/kube/client.ts';
import { createCustomResource } from '../../../src/kube/custom-resource.ts';
import { KubeError } from '../../../src/kube/errors.ts';
import type { RawApi, RawRequest } from '../../../src/kube/raw-api.ts';

export interface FakeKube {
  readonly kube: KubeClient;
  /** Answers by path; an Error is thrown. May be changed while in use. */
  readonly answers: Map<string, object>;
  /** "GET /api/v1/nodes/node-1", and "LOG pod previous=false". */
  readonly asked: string[];
  /** Bodies of what was created. */
  readonly created: unknown[];
  /** Custom objects whose status was replaced. */
  readonly replaced: unknown[];
  log: (request: LogRequest) => string;
}

export const kubeError = (code: number, reason: string): KubeError =>
  new KubeError({ code, reason, verb: 'get', what: 'something', message: 'as the test wants it' });

export function fakeKube(answers: Readonly<Record<string, object>> = {}): FakeKube {
  const fake: FakeKube = {
    kube: undefined as never,
    answers: new Map(Object.entries(answers)),
    asked: [],
    created: [],
    replaced: [],
    log: () => {
      throw kubeError(400, 'BadRequest');
    },
  };
  const request = async ({ method, path, body }: RawRequest): Promise<object> => {
    fake.asked.push(`${method} ${path}`);
    if (method === 'POST') fake.created.push(body);
    const answer = fake.answers.get(path);
    if (answer === undefined) throw kubeError(404, 'NotFound');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const kube = {
    raw: { request },
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
      },
    }),
  };
  return Object.assign(fake, { kube: kube as unknown as KubeClient });
}
