/** undici's pooling agent, what makes its connections, and its request function, without the rest of undici. */

// By path, because the package's entry also loads fetch, WebSocket, caches, proxies and mocks: 4 MiB of memory in a
// process that sends plain requests and nothing else.
import request from 'undici/lib/api/api-request.js';
import connector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';

export { Agent, connector, request };
