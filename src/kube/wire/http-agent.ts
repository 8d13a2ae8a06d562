/** undici's pooling agent, its connector and its request function, without the rest of undici. */

// By inner paths, because the entry point of the package also loads fetch, WebSocket, caches and mocks: docs/adr/0003.
import request from 'undici/lib/api/api-request.js';
import connector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';

export { Agent, connector, request };
