/** The verb and resource of a request in RBAC's terms, from its method and path: for errors, metrics and logs. */

export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection; or the HTTP method in lower case. */
  readonly verb: string;
  /** "pods", "pods/log", "nodes/status"; "other" for a path outside the API groups. */
  readonly resource: string;
  /** For messages: "pods/log kube-system/coredns-abc", "nodes/node-1", "pods in kube-system". */
  readonly what: string;
}

export function requestInfo(method: string, path: string, isWatch = false): RequestInfo {
  const [route = ''] = path.split('?');
  const parts = route.split('/').filter((part) => part !== '');
  const rest = parts[0] === 'api' ? parts.slice(2) : parts[0] === 'apis' ? parts.slice(3) : [];
  if (rest.length === 0) return { verb: method.toLowerCase(), resource: 'other', what: route || '/' };

  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = isNamespaced ? decode(rest[1]) : undefined;
  const [plural = '', rawName, subresource] = isNamespaced ? rest.slice(2) : rest;
  const name = rawName === undefined ? undefined : decode(rawName);
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  return {
    verb: verbOf(method, name !== undefined, isWatch),
    resource,
    what: phrase(resource, name, namespace),
  };
}

function verbOf(method: string, named: boolean, isWatch: boolean): string {
  switch (method) {
    case 'GET':
      return isWatch ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

function phrase(resource: string, name: string | undefined, namespace: string | undefined): string {
  if (name === undefined) return namespace === undefined ? resource : `${resource} in ${namespace}`;
  if (namespace !== undefined) return `${resource} ${namespace}/${name}`;
  return resource.includes('/') ? `${resource} ${name}` : `${resource}/${name}`;
}

function decode(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? '');
  } catch (error) {
    if (error instanceof URIError) return part ?? '';
    throw error;
  }
}
