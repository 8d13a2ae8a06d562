/** client-node's typed classes over the connections of our own client, with its deadlines, retries and error type. */
import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import type { RawApi } from '../../kube/raw-api.ts';
import type { HttpMethod } from '../../kube/wire/transport.ts';

/** Every failure is a KubeError. A patch is a JSON merge patch. */
export interface TypedApis {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly custom: CustomObjectsApi;
}

export function typedApis(raw: RawApi, signal: AbortSignal): TypedApis {
  const configuration = createConfiguration({
    // Only path and query of the address are used.
    baseServer: new ServerConfiguration('http://apiserver', {}),
    httpApi: wrapHttpLibrary({ send: async (request) => send(raw, request, signal) }),
  });
  return {
    core: new CoreV1Api(configuration),
    apps: new AppsV1Api(configuration),
    batch: new BatchV1Api(configuration),
    custom: new CustomObjectsApi(configuration),
  };
}

async function send(raw: RawApi, request: RequestContext, signal: AbortSignal): Promise<ResponseContext> {
  const { pathname, search } = new URL(request.getUrl());
  const body = request.getBody();
  const text = await raw.text({
    method: request.getHttpMethod() as HttpMethod,
    path: pathname + search,
    ...(typeof body === 'string' ? { body: JSON.parse(body) as unknown } : {}),
    accept: request.getHeaders()['Accept'] ?? 'application/json',
    signal,
  });
  // A log may look like JSON.
  const type = pathname.endsWith('/log') ? 'text/plain' : 'application/json';
  return new ResponseContext(200, { 'content-type': type }, {
    text: async () => text,
  } as ResponseContext['body']);
}
