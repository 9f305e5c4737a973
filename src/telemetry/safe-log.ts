/** The log, with errors told in a form that keeps secrets and personal values to itself. */
import type { Logger } from 'pino';
import { withoutSecrets } from './secrets.ts';

/** An error in a log line. */
type Told = { type: string; message: string; stack?: string; code?: string; cause?: Told };

/** Causes of causes that are told; a circle of them would never end. */
const MOST_CAUSES = 5;

/**
 * A logger that tells of an error (`err`) its name, message, stack, code and causes. Whatever else hangs on an error of
 * a driver (`detail`, `where`, `meta`) may hold the values of a row.
 */
export function safeLog(log: Logger): Logger {
  return log.child({}, { serializers: { err: (error: unknown) => tell(error, MOST_CAUSES) } });
}

function tell(error: unknown, causes: number): Told {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: withoutSecrets(String(error)) };
  }
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? String(error.code) : undefined;
  return {
    type: name,
    message: withoutSecrets(message),
    ...(stack && { stack: withoutSecrets(stack) }),
    ...(code && { code: withoutSecrets(code) }),
    ...(cause !== undefined && causes > 0 && { cause: tell(cause, causes - 1) }),
  };
}
