import { describe, expect, test } from 'vitest';
import { createServiceStack } from '../../src/trace/formats/mtrc-services.ts';
import { interruptService, SERVICE_NONE, syscallService } from '../../src/trace/services.ts';

describe('open services of a recording', () => {
  test('exceptions nest and ERET closes the innermost', () => {
    const stack = createServiceStack(1);
    stack.open(0, syscallService(3), 0);
    stack.open(0, interruptService(7), 0);
    expect(stack.service(0)).toBe(interruptService(7));
    stack.close(0);
    expect(stack.service(0)).toBe(syscallService(3));
    stack.close(0);
    expect(stack.service(0)).toBe(SERVICE_NONE);
  });

  test('a task switched to goes on with what it had open, not with what the other one had', () => {
    const stack = createServiceStack(2);
    stack.open(0, syscallService(3), 0); // task in space 0 blocks in a read
    stack.switchSpace(0, 0, 1);
    expect(stack.service(0)).toBe(SERVICE_NONE);
    stack.clear(0); // the other task reaches user code,
    stack.open(0, interruptService(7), 0); // and its time is up
    stack.switchSpace(0, 1, 0);
    expect(stack.service(0)).toBe(syscallService(3));
    expect(stack.service(1)).toBe(SERVICE_NONE);
    stack.switchSpace(0, 0, 1);
    expect(stack.service(0)).toBe(interruptService(7));
  });
});
