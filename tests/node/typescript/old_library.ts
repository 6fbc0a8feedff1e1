// Compiled, not run, with libraries that have no Symbol.asyncDispose.
import type { AsyncDisposal } from '../../../client/node/types/disposal';

interface Disposed extends AsyncDisposal {
  name: string;
}

export const disposed: Disposed = { name: 'nothing else' };
