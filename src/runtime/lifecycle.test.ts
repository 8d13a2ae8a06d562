import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLifecycle, type ProcessHooks } from './lifecycle.ts';
import { silentLogger } from './logger.ts';

function setup(graceMs = 1_000) {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const host: ProcessHooks = {
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    exit: (code) => void exits.push(code),
  };
  const life = createLifecycle({ logger: silentLogger, graceMs, process: host });
  return { life, exits, send: (event: string, error?: Error) => emitter.emit(event, error) };
}

describe('the life cycle', () => {
  it('drains on SIGTERM, last registered first, and exits with 0', async () => {
    const { life, send } = setup();
    const order: string[] = [];
    life.onDrain('connections', () => void order.push('connections'));
    life.onDrain('controllers', async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      order.push('controllers');
    });
    life.enter('leading');
    expect(life.check.check().ok).toBe(true);
    send('SIGTERM');
    expect(life.signal.aborted).toBe(true);
    expect(life.check.check()).toEqual({ ok: false, text: 'draining' });
    expect(await life.ended).toBe(0);
    expect(order).toEqual(['controllers', 'connections']);
    expect(life.state).toBe('stopped');
  });

  it('cannot leave the draining state for another one', () => {
    const { life, send } = setup();
    life.onDrain('slow', () => new Promise(() => {}));
    send('SIGINT');
    life.enter('leading');
    expect(life.state).toBe('draining');
  });

  it('exits immediately on a second signal', () => {
    const { life, send, exits } = setup();
    life.onDrain('slow', () => new Promise(() => {}));
    send('SIGTERM');
    expect(exits).toEqual([]);
    send('SIGTERM');
    expect(exits).toEqual([1]);
  });

  it('exits with 1 when draining takes too long or fails, and drains the rest', async () => {
    const slow = setup(20);
    slow.life.onDrain('slow', () => new Promise(() => {}));
    slow.send('SIGTERM');
    expect(await slow.life.ended).toBe(1);
    const broken = setup();
    const order: string[] = [];
    broken.life.onDrain('fine', () => void order.push('fine'));
    broken.life.onDrain('broken', () => Promise.reject(new Error('no')));
    broken.send('SIGTERM');
    expect(await broken.life.ended).toBe(1);
    expect(order).toEqual(['fine']);
  });

  it('exits with 1 when it is stopped by an error', async () => {
    const { life } = setup();
    life.stop(new Error('the lease was lost'));
    expect(await life.ended).toBe(1);
  });

  it.each(['unhandledRejection', 'uncaughtException'])('exits immediately on an %s', (event) => {
    const { send, exits } = setup();
    send(event, new Error('unexpected'));
    expect(exits).toEqual([1]);
  });
});
