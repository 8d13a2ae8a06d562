/** client-node's typed API classes over our transport, loaded when the first of their methods is called. */
import type * as ClientNodeModule from '@kubernetes/client-node';
import type {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  HttpLibrary,
  RequestContext,
  ResponseContext,
} from '@kubernetes/client-node';
import type { HttpMethod, Transport } from './wire/transport.ts';

export interface TypedApis {
  readonly core: CoreV1Api;
  readonly batch: BatchV1Api;
  readonly apps: AppsV1Api;
}

type ClientNode = typeof ClientNodeModule;

/**
 * Every method of these classes returns a promise, so the module can be loaded behind the first call: a process
 * that only sends plain JSON never pays for the 900 models.
 */
export function createTypedApis(transport: Transport): TypedApis {
  let loading: Promise<{ readonly [K in keyof TypedApis]: object }> | undefined;
  const load = async (): Promise<{ readonly [K in keyof TypedApis]: object }> => {
    loading ??= import('@kubernetes/client-node').then((clientNode) => build(clientNode, transport));
    return loading;
  };
  const lazy = <T extends object>(api: keyof TypedApis): T =>
    new Proxy({} as T, {
      get(_target, method) {
        // A promise is recognised by its `then`; this is none.
        if (typeof method === 'symbol' || method === 'then') return undefined;
        return async (...args: readonly unknown[]): Promise<unknown> => {
          const target = (await load())[api];
          const call: unknown = Reflect.get(target, method);
          if (typeof call !== 'function') throw new TypeError(`${api}.${method} is not a method`);
          return Reflect.apply(call, target, args) as Promise<unknown>;
        };
      },
    });
  return { core: lazy<CoreV1Api>('core'), batch: lazy<BatchV1Api>('batch'), apps: lazy<AppsV1Api>('apps') };
}

function build(clientNode: ClientNode, transport: Transport): TypedApis {
  const { AppsV1Api, BatchV1Api, CoreV1Api, createConfiguration, ServerConfiguration } = clientNode;
  // The address is the transport's business; the generated code only wants an absolute one to append to.
  const baseServer = new ServerConfiguration('http://api', {});
  const configuration = createConfiguration({ baseServer, httpApi: httpLibrary(clientNode, transport) });
  return {
    core: new CoreV1Api(configuration),
    batch: new BatchV1Api(configuration),
    apps: new AppsV1Api(configuration),
  };
}

/**
 * Only successes come back to the generated code; a refusal is thrown here as a KubeError, so that nobody sees an
 * ApiException.
 */
function httpLibrary(clientNode: ClientNode, transport: Transport): HttpLibrary {
  async function send(context: RequestContext): Promise<ResponseContext> {
    const url = new URL(context.getUrl());
    const body = context.getBody();
    if (body !== undefined && typeof body !== 'string') throw new TypeError('only text bodies are supported');
    const answer = await transport.call({
      method: context.getHttpMethod() as HttpMethod,
      target: url.pathname + url.search,
      headers: context.getHeaders(),
      ...(body === undefined ? {} : { body }),
      signal: context.getSignal(),
    });
    return new clientNode.ResponseContext(answer.status, answer.headers, {
      text: () => Promise.resolve(answer.text),
      binary: () => Promise.resolve(Buffer.from(answer.text)),
      stream: () => null,
    });
  }
  return clientNode.wrapHttpLibrary({ send });
}
