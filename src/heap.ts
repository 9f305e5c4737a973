/** How much memory the process takes for garbage. */
import { setFlagsFromString } from 'node:v8';

const FLAG = '--heap-growing-percent';

/** How much more than what is alive, in percent, may come together before the old part of the heap is looked through. */
const PERCENT = 50;

/**
 * Keeps the memory of a process that serves for long near to what it holds. Left alone, V8 waits until the heap is
 * several times that, and what garbage once took is not given back: executing GraphQL leaves much that outlives the
 * quick collections. Whoever starts Node with a flag of their own keeps that.
 */
export function keepHeapSmall(): void {
  if (!process.execArgv.some((argument) => argument.startsWith(FLAG))) {
    setFlagsFromString(`${FLAG}=${PERCENT}`);
  }
}
