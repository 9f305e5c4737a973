import type { Attributes } from '@opentelemetry/api';

/** Something that takes its time, and parts of it. */
export type Span = {
  /** Does the work: what is traced in it is a part of the span. */
  within<T>(work: () => T): T;
  end(outcome: { attributes: Attributes; isFailure: boolean }): void;
};
