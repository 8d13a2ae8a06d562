import { expect, it } from 'vitest';
import { requestInfo } from './api-path.ts';

it.each([
  ['GET', '/api/v1/nodes/node-1', 'get', 'nodes', 'nodes/node-1'],
  ['PATCH', '/api/v1/nodes/node-1', 'patch', 'nodes', 'nodes/node-1'],
  ['GET', '/api/v1/nodes?limit=500', 'list', 'nodes', 'nodes'],
  ['GET', '/api/v1/namespaces/a/pods', 'list', 'pods', 'pods in a'],
  ['GET', '/api/v1/namespaces/a/pods/b/log?previous=true', 'get', 'pods/log', 'pods/log a/b'],
  ['DELETE', '/api/v1/namespaces/a/pods/b', 'delete', 'pods', 'pods a/b'],
  ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection', 'pods', 'pods in a'],
  ['GET', '/api/v1/namespaces/a', 'get', 'namespaces', 'namespaces/a'],
  ['POST', '/apis/batch/v1/namespaces/a/jobs', 'create', 'jobs', 'jobs in a'],
  ['PUT', '/apis/example.io/v1/things/x/status', 'update', 'things/status', 'things/status x'],
  ['GET', '/version', 'get', 'other', '/version'],
  ['GET', '/apis/example.io/v1/things/%E0%A4%A', 'get', 'things', 'things/%E0%A4%A'],
])('%s %s', (method, path, verb, resource, what) => {
  expect(requestInfo(method, path)).toEqual({ verb, resource, what });
});

it('recognizes a watch', () => {
  expect(requestInfo('GET', '/api/v1/pods?watch=true', true)).toMatchObject({ verb: 'watch', what: 'pods' });
});
