import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { imageConfig } from './image-config.ts';

const dockerfile = await readFile('Dockerfile', 'utf8');

describe('the configuration of the image', () => {
  it('is that of the last stage of the Dockerfile', () => {
    expect(imageConfig()).toMatchObject({
      User: '65532:65532',
      ExposedPorts: { '8080/tcp': {} },
      WorkingDir: '/app',
      Cmd: ['/app/operator.js'],
      Labels: { 'org.opencontainers.image.licenses': 'Apache-2.0' },
    });
    expect(imageConfig().Entrypoint[0]).toBe('/usr/local/bin/node');
    expect(imageConfig().Env).toContain('MALLOC_ARENA_MAX=1');
  });

  it('has the description of the project', async () => {
    const { description } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(imageConfig().Labels['org.opencontainers.image.description']).toBe(description);
  });

  it.each([
    ['an instruction that it does not know', 'VOLUME /data', /not understood: VOLUME \/data/],
    ['a second one of a kind', 'USER 0', /has USER twice/],
    ['a variable without a value', 'ENV A', /has ENV twice|not NAME=VALUE/],
  ])('refuses %s, which would be missing in the image', (_what, line, message) => {
    expect(() => imageConfig(`${dockerfile}${line}\n`)).toThrow(message);
  });

  it('says which instruction is missing', () => {
    expect(() => imageConfig(dockerfile.replace(/^USER .*$/m, ''))).toThrow('has no USER');
  });
});

it('the Dockerfile copies what `make image` puts into the image, to the same places', () => {
  expect([...dockerfile.matchAll(/^COPY (.*)$/gm)].map(([, what]) => what).slice(-5)).toEqual([
    '--from=build /src/dist/bin/node /usr/local/bin/node',
    '--from=build /src/dist/app/ /app/',
    '--from=build /src/dist/plugin/ /app/plugin/',
    '--from=build /src/dist/kubectl-dnshealth.js /app/',
    'LICENSE /app/LICENSE',
  ]);
});
