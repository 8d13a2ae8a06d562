import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { imageNodeFlags } from './image-command.ts';

const REQUEST = `
  import { Agent, request } from './src/kube/wire/http-agent.ts';
  const agent = new Agent({ allowH2: false });
  const answer = await request.call(agent, { origin: process.argv[1], path: '/', method: 'GET' });
  console.log(await answer.body.text());
  await agent.close();
`;

it('speaks HTTP/1.1 with the flags of the image: a load balancer in front of the apiserver may support nothing else', async () => {
  const server = createServer((_request, response) => response.end('answered'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...imageNodeFlags(),
    '--input-type=module',
    '--eval',
    REQUEST,
    origin,
  ]);
  expect(stdout).toBe('answered\n');
  server.close();
});
