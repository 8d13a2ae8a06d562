import { expect, it } from 'vitest';
import { createLogger, withLogContext } from './logger.ts';

function setup(level?: 'debug') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ destination, ...(level ? { level } : {}), fields: { app: 'x' } }) };
}

it('writes one JSON object per line, with the level as a word and the time in ISO format', () => {
  const { lines, logger } = setup();
  logger.info('started', { port: 1 });
  logger.debug('not shown');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      app: 'x',
      port: 1,
      msg: 'started',
    },
  ]);
});

it('adds the log context, at any depth, to child loggers too', async () => {
  const { lines, logger } = setup();
  const child = logger.child({ part: 'p' });
  await withLogContext({ key: 'a' }, async () => {
    await Promise.resolve();
    await withLogContext({ step: 1 }, async () => child.warn('inside'));
  });
  logger.info('outside');
  expect(lines[0]).toMatchObject({ level: 'warn', part: 'p', key: 'a', step: 1 });
  expect(lines[1]).not.toHaveProperty('key');
});

it('writes an error with its stack and its cause', () => {
  const { lines, logger } = setup();
  logger.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
  expect(lines[0]).toMatchObject({
    error: {
      message: 'outer',
      stack: expect.stringContaining('logger.test.ts') as unknown,
      cause: { message: 'inner' },
    },
  });
});
