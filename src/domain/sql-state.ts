/** What PostgreSQL says a failed statement failed of. */

/** The five characters of PostgreSQL's error code, as `pg` or Prisma hand it on; null for any other error. */
export function sqlState(error: unknown): string | null {
  if (field(error, 'severity') !== undefined) {
    return String(field(error, 'code'));
  }
  const cause = field(field(field(error, 'meta'), 'driverAdapterError'), 'cause');
  const code = field(cause ?? field(error, 'cause'), 'originalCode');
  return typeof code === 'string' ? code : null;
}

/** Whether Prisma found no free connection for a transaction. */
export function isPoolExhausted(error: unknown): boolean {
  return (
    field(error, 'code') === 'P2028' &&
    error instanceof Error &&
    error.message.includes('Unable to start')
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? Reflect.get(value, name)
    : undefined;
}
